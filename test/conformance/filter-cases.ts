import { assertHeard, filtered, note, ownNeeds, tokenOf, withOptions } from "./hearing.ts";
import { type Case, tokensOf } from "./target.ts";

const email = "c1@example.com";

/** A record of an auth collection whose e-mail filters may ask for. */
function client(emailVisibility: boolean): unknown {
  const record = { id: "c1", name: "ann", email, emailVisibility };
  return { collection: "clients", action: "update", record };
}

/** What a subscription's own filter may ask, and of which state of the record. */
export const filterCases: readonly Case[] = [
  {
    name: "a superuser's filter may not name hidden fields either",
    needs: ownNeeds,
    run: (target) => {
      const refused = ["secret = ''", "secret != 'x'", "text = 'a b' || secret = 'x'"];
      return assertHeard(target, {
        pass: [filtered("notes/*", "text = 'a b'"), filtered("notes/n1", "public = false")],
        fail: refused.map((filter) => filtered("notes/*", filter)),
        event: note({ public: false }),
        token: tokensOf(target).superuser,
      });
    },
  },
  {
    name: "@request. or @collection. in a text of the filter, or in sort beside it, is for superusers",
    needs: ownNeeds,
    run: async (target) => {
      const refused = [
        filtered("notes/*", "text != '@request.'"),
        filtered("notes/*", "text != '@collection.'"),
        filtered("notes/*", "text = 'a b'", { sort: "@request.query.x" }),
        filtered("notes/*", "text = 'a b'", { sort: "-@collection.x.y" }),
      ];
      const passed = [
        withOptions("notes/*", { query: { sort: "@request.query.x" } }),
        filtered("notes/*", "text != '@request'", { sort: "-text", other: "@request.query.x" }),
      ];
      const event = note({ public: true });
      const { userA, superuser } = tokensOf(target);
      for (const token of ["", userA]) {
        await assertHeard(target, { pass: passed, fail: refused, event, token });
      }
      await assertHeard(target, { pass: [...passed, ...refused], fail: [], event, token: superuser });
    },
  },
  {
    name: "a filter on the e-mail passes only where everybody may see it, whoever asks",
    needs: ownNeeds,
    run: async (target) => {
      const asked = [filtered("clients/*", `email = '${email}'`), filtered("clients/*", "email != 'x'")];
      const other = filtered("clients/*", "email = 'x'");
      const owner = await tokenOf(target, "c1", "clients");
      const manager = await tokenOf(target, "ann", "users");
      for (const token of ["", owner, manager, tokensOf(target).superuser]) {
        await assertHeard(target, { pass: asked, fail: [other], event: client(true), token });
        const fail = [...asked, other];
        await assertHeard(target, { pass: ["clients/*"], fail, event: client(false), token });
      }
    },
  },
  {
    name: "an update is judged by the record as it is now, by rule and filter, whatever it was before",
    needs: ownNeeds,
    run: async (target) => {
      const [all, some] = ["notes/*", filtered("notes/*", "text = 'new'")];
      const visible = { id: "n1", public: true, text: "new" };
      const hidden = { id: "n1", public: false, text: "new" };
      const old = { id: "n1", public: true, text: "old" };
      await assertHeard(target, { pass: [], fail: [all, some], event: note(hidden, visible) });
      await assertHeard(target, { pass: [all], fail: [some], event: note(old, visible) });
      await assertHeard(target, { pass: [all, some], fail: [], event: note(visible, hidden) });
      await assertHeard(target, { pass: [all, some], fail: [], event: note(visible, old) });
    },
  },
  {
    name: "a delete is filtered by the record as it was",
    needs: ownNeeds,
    run: (target) => {
      const record = { id: "n1", public: true, text: "last" };
      return assertHeard(target, {
        pass: [filtered("notes/*", "text = 'last'")],
        fail: [filtered("notes/*", "text != 'last'")],
        event: { collection: "notes", action: "delete", record },
      });
    },
  },
];

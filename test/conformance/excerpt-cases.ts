import { ownNeeds } from "./hearing.ts";
import { assertPicked, wholeStory } from "./picking.ts";
import type { Case } from "./target.ts";

/** HTML, what is asked of it, and the plain text that comes. */
const texts: readonly (readonly [what: string, html: string, modifier: string, text: string])[] = [
  ["of a plain text is the text", "lorem ipsum", "excerpt(20)", "lorem ipsum"],
  ["is cut to its length", "lorem ipsum", "excerpt(3)", "lor"],
  ["as long as the text is not cut", "lorem", "excerpt(5,true)", "lorem"],
  ["has an ellipsis where one is asked for and it was cut", "lorem ipsum", "excerpt(3, true)", "lor..."],
  ["is trimmed where it was cut", "ab cd", "excerpt(3, true)", "ab..."],
  ["has its ellipsis for 1 as well", "lorem", "excerpt(2,1)", "lo..."],
  ["has no ellipsis for what is not true", "lorem", "excerpt(2,yes)", "lo"],
  ["has no ellipsis for false", "lorem", "excerpt(2, false)", "lo"],
  ["is counted in code points", "😀é😀é", "excerpt(3)", "😀é😀"],
  ["has its blanks collapsed, and none around", "  a \n\t b\r\n ", "excerpt(20)", "a b"],
  [
    "has a blank in place of each end of a block",
    "<h1>a</h1><p>b</p>c<div>d</div><ul><li>e<li>f</ul>",
    "excerpt(20)",
    "a b c d e f",
  ],
  [
    "has none in place of inline tags",
    "a<b>b</b><em class='x > y'>c</em><a href=/>d</a><br>e",
    "excerpt(20)",
    "abcde",
  ],
  [
    "has no scripts and styles",
    "a<style>p{}</style>b<script>if (1<2) x('</p>')</script>c",
    "excerpt(20)",
    "abc",
  ],
  [
    "has no pictures and forms",
    "a<img src=x alt=y>b<form><input value=v><p>f</p></form>c<svg><text>t</text></svg>",
    "excerpt(20)",
    "abc",
  ],
  ["has no comments", "a<!-- <p>no</p> -->b", "excerpt(20)", "ab"],
  [
    "has its entities decoded",
    "Tom &amp; Jerry &lt;3 &eacute;&#233;&#x1f600;",
    "excerpt(20)",
    "Tom & Jerry <3 éé😀",
  ],
  [
    "counts the text, not the tags",
    "<p class='long'><b>lorem</b> ipsum</p>",
    "excerpt(7,true)",
    "lorem i...",
  ],
  ["of nothing is nothing", "", "excerpt(5,true)", ""],
  ["of tags alone is nothing", "<p><br></p>", "excerpt(5,true)", ""],
];

/** Picks that excerpt other than a text field, of a record with a json field. */
const others: readonly (readonly [what: string, fields: string, picked: string, meta: unknown])[] = [
  [
    "leaves alone what is no text",
    "score:excerpt(1),tags:excerpt(1),list:excerpt(1),meta:excerpt(1)",
    '{"list":[{"a":2,"b":1},{"a":3}],"meta":{"t":"lorem"},"score":5,"tags":["y","x"]}',
    { t: "lorem" },
  ],
  ["leaves null alone", "meta:excerpt(1)", '{"meta":null}', null],
  ["cuts a text in a json field", "meta:excerpt(2)", '{"meta":"lo"}', "lorem"],
  ["cuts within an object", "meta.t:excerpt(2,true)", '{"meta":{"t":"lo..."}}', { t: "lorem", u: "ipsum" }],
  [
    "cuts within a list of objects",
    "meta.t:excerpt(2)",
    '{"meta":[{"t":"lo"},{"t":"ip"}]}',
    [{ t: "lorem" }, { t: "ipsum" }],
  ],
  [
    "on a star cuts the texts of that level",
    "meta.*:excerpt(2)",
    '{"meta":{"t":"lo","u":"ip","v":{"w":"dolor"}}}',
    { t: "lorem", u: "ipsum", v: { w: "dolor" } },
  ],
  ["of a field that is not there is left out", "id,missing:excerpt(2)", '{"id":"s1"}', null],
];

const broken = [
  "title:excerpt",
  "title:excerpt()",
  "title:excerpt(0)",
  "title:excerpt(-1)",
  "title:excerpt(x)",
  "title:excerpt(1,true,2)",
  "title:excerpt(1",
  "title:lower",
  "title:lower(1)",
  "title:Excerpt(1)",
  "title:",
  "id,missing:lower",
  "id,'title",
  'id,"title',
  "id,`title",
  "id,(title",
  "id,'title\"",
];

/** What `:excerpt` makes of a text, and what comes where `fields` are broken. */
export const excerptCases: readonly Case[] = [
  ...texts.map(([what, html, modifier, text]): Case => ({
    name: `an excerpt ${what}`,
    needs: ownNeeds,
    run: (target) => {
      const picked = JSON.stringify({ body: text })
        .replaceAll("&", String.raw`\u0026`)
        .replaceAll("<", String.raw`\u003c`);
      return assertPicked(target, { fields: `body:${modifier}`, picked, record: { body: html } });
    },
  })),
  ...others.map(([what, fields, picked, meta]): Case => ({
    name: `an excerpt ${what}`,
    needs: ownNeeds,
    run: (target) => assertPicked(target, { fields, picked, record: { meta } }),
  })),
  ...broken.map((fields): Case => ({
    name: `fields=${fields} is broken: the whole record comes`,
    needs: ownNeeds,
    run: (target) => assertPicked(target, { fields, picked: wholeStory }),
  })),
];

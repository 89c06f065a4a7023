import { signSuperuserToken, signToken } from "../harness/tokens.ts";
import { filteredPosts, posts, users, type Viewer } from "./written-event.ts";

/**
 * The kinds of clients: an `EventSource` as browsers have it, the official SDKs as they are, and the same SDKs with
 * `packages/resume` as their `EventSource`.
 */
export const clientKinds = ["native", "stock", "resume"] as const;

export type ClientKind = (typeof clientKinds)[number];

/** One client of a run. */
export interface ClientPlan {
  /** Its number in the run; its requests begin with `/c<number>/`, so that the balancer knows them. */
  readonly number: number;
  readonly kind: ClientKind;
  readonly viewer: Viewer;
  readonly token: string | undefined;
  readonly subscriptions: readonly string[];
  /** How long after the others it comes. */
  readonly lateMs: number;
}

/** How many clients of each kind there are. */
export type ClientCounts = Readonly<Record<ClientKind, number>>;

interface Wish {
  readonly viewer: Viewer;
  readonly subscriptions: readonly string[];
}

/** Clients of all kinds, by their plans. */
export async function planClients(counts: ClientCounts): Promise<readonly ClientPlan[]> {
  const plans: ClientPlan[] = [];
  for (const kind of clientKinds) {
    for (let index = 0; index < counts[kind]; index++) {
      const { viewer, subscriptions } = wishOf(kind, index);
      const token = await tokenOf(viewer);
      // some come while the others are in the midst of it; an SDK's first subscribe is not tried again
      const lateMs = kind === "native" && index % 10 === 9 ? index * 100 : 0;
      plans.push({ number: plans.length, kind, viewer, token, subscriptions, lateMs });
    }
  }
  return plans;
}

/** Most SDKs are guests with the same subscriptions: those that share orphans. */
function wishOf(kind: ClientKind, index: number): Wish {
  if (kind === "native") return nativeWish(index);
  if (index % 5 < 2) return { viewer: "guest", subscriptions: ["posts/*"] };
  if (index % 5 === 2) return { viewer: "guest", subscriptions: ["posts/*", "posts/p1"] };
  return nativeWish(Math.floor(index / 5));
}

function nativeWish(index: number): Wish {
  const user = users[index % users.length] ?? "";
  const [post = "", other = ""] = [posts[index % posts.length], posts[(index + 3) % posts.length]];
  switch (index % 9) {
    case 0:
      return { viewer: "guest", subscriptions: ["posts/*", `posts/${post}`] };
    case 1:
      return { viewer: "guest", subscriptions: ["posts/*"] };
    case 2:
      return { viewer: "guest", subscriptions: [`posts/${post}`, `posts/${other}`, "news"] };
    case 3:
      return { viewer: user, subscriptions: ["notes/*", `posts/${post}`] };
    case 4:
      return { viewer: user, subscriptions: ["news", "staff"] };
    case 5:
      return { viewer: "guest", subscriptions: ["staff", filteredPosts] };
    case 6:
      return { viewer: "root", subscriptions: ["secrets/*", `posts/${post}`, "staff"] };
    case 7:
      return { viewer: user, subscriptions: ["notes/*"] };
    default:
      return { viewer: "guest", subscriptions: index % 36 === 8 ? ["bulk/*", "news"] : ["news"] };
  }
}

async function tokenOf(viewer: Viewer): Promise<string | undefined> {
  if (viewer === "guest") return undefined;
  return viewer === "root" ? signSuperuserToken() : signToken(viewer);
}

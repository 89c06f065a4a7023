import { BackplaneError } from "@sluice/backplane";
import { badRequest, type ErrorAnswer } from "@sluice/protocol";
import { Hono } from "hono";
import { answerError } from "./answers.ts";
import { showAuthPage } from "./auth-page.ts";
import { consoleRoutes } from "./console/console-routes.ts";
import { cors } from "./cors.ts";
import type { GatewayContext, GatewayEnv } from "./gateway-context.ts";
import { showHealth, showLive, showReady } from "./health.ts";
import { redirectOAuth2 } from "./oauth2-redirect.ts";
import { openStream } from "./open-stream.ts";
import { publishEvents } from "./publish-events.ts";
import { factsOf, identifyRequests, logAnswers } from "./request-log.ts";
import { setSubscriptions } from "./set-subscriptions.ts";
import { SparseLog } from "./sparse-log.ts";
import { UnavailableError } from "./unavailable-error.ts";

/** The routes of a gateway. */
export function createApp(gateway: GatewayContext): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  // while Redis is away every client tries again every other second
  const failures = new SparseLog({ log: gateway.log, nowMs: () => performance.now(), intervalMs: 1_000 });
  app.use(identifyRequests(), logAnswers(gateway.log));
  app.use(cors(gateway.settings.corsOrigins));
  app.use(async (context, next) => {
    await next();
    // a balancer that keeps its connections would else send a request on one that closes just then
    if (gateway.draining() && !context.env.outgoing.headersSent) context.header("Connection", "close");
  });
  app.get("/api/realtime", (context) => openStream(gateway, context));
  app.post("/api/realtime", (context) => setSubscriptions(gateway, context));
  app.post("/api/realtime/publish", (context) => publishEvents(gateway, context));
  app.on(["GET", "POST"], "/api/oauth2-redirect", (context) => redirectOAuth2(gateway, context));
  app.get("/_/", showAuthPage);
  const { consolePages: pages } = gateway;
  if (pages !== undefined) {
    app.route("/api/console", consoleRoutes(gateway));
    app.get("/console", (context) => pages.show("index.html", context));
    app.get("/console/", (context) => context.redirect("../console"));
    if (gateway.settings.playground) app.get("/console/play", (context) => pages.show("play.html", context));
    app.get("/console/assets/:name", (context) => pages.show(`assets/${context.req.param("name")}`, context));
  }
  app.get("/api/health", showHealth);
  app.get("/livez", showLive);
  app.get("/readyz", (context) => showReady(gateway, context));
  app.get("/metrics", async (context) => {
    const { registry } = gateway.metrics;
    context.header("Content-Type", registry.contentType);
    return context.body(await (gateway.siblings?.readMetrics() ?? registry.metrics()));
  });
  app.notFound((context) =>
    answerError(context, { status: 404, message: "The requested resource wasn't found." }),
  );
  app.onError((error, context) => {
    if (error instanceof UnavailableError) return answerError(context, unavailable(error.message));
    if (error instanceof BackplaneError) {
      failures.warn("backplane", { err: error, ...factsOf(context) }, "requests failed: no backplane");
      return answerError(context, unavailable("The realtime service is not available now."));
    }
    // a body that breaks off is the sender's hang-up; nobody reads the answer
    if (!context.env.incoming.complete) return answerError(context, badRequest);
    gateway.log.error({ err: error, ...factsOf(context) }, "a request failed");
    return answerError(context, { status: 500, message: badRequest.message });
  });
  return app;
}

function unavailable(message: string): ErrorAnswer {
  return { status: 503, message, retryAfterSeconds: 2 };
}

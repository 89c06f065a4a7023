import { HTTPRoute } from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1/HTTPRoute";
import { HorizontalPodAutoscaler } from "kubernetes-models/autoscaling/v2";
import { Ingress } from "kubernetes-models/networking.k8s.io/v1";
import { Service } from "kubernetes-models/v1";
import { describe, expect, inject, test } from "vitest";
import { gatewayPod, settingsOf } from "./gateway-pod.ts";
import { only, renderEverything } from "./manifest.ts";

const everything = renderEverything(inject("kubectl"));

describe("the ways in", () => {
  const ingress = only(everything, Ingress.is);
  const route = only(everything, HTTPRoute.is);
  const ingressPaths = ingress.spec?.rules?.flatMap(({ http }) => http?.paths ?? []) ?? [];
  const routeRules = route.spec.rules ?? [];

  test("lead to the Service", () => {
    const backend = { service: { name: "sluice", port: { name: "http" } } };
    for (const path of ingressPaths) expect(path.backend).toEqual(backend);
    for (const rule of routeRules) expect(rule.backendRefs).toEqual([{ name: "sluice", port: 80 }]);
    const ports = only(everything, Service.is, "sluice").spec?.ports;
    expect(ports).toEqual([{ name: "http", port: 80, targetPort: "http", appProtocol: "http" }]);
  });

  test("take the API and the page behind OAuth2, and not what is for the platform", () => {
    expect(ingressPaths.map(({ path, pathType }) => [pathType, path])).toEqual([
      ["Prefix", "/api"],
      ["Exact", "/_/"],
    ]);
    const matches = routeRules.flatMap((rule) => rule.matches ?? []);
    expect(matches.map(({ path }) => [path?.type, path?.value])).toEqual([
      ["PathPrefix", "/api"],
      ["Exact", "/_/"],
    ]);
  });

  test("neither buffer nor cut a stream", () => {
    expect(ingress.metadata?.annotations).toMatchObject({
      "nginx.ingress.kubernetes.io/proxy-buffering": "off",
      "nginx.ingress.kubernetes.io/proxy-read-timeout": "3600",
    });
    for (const { timeouts } of routeRules) expect(timeouts).toEqual({ request: "0s", backendRequest: "0s" });
  });
});

test("the component for streams scales before a pod is full, so that others can take over", () => {
  const { spec } = only(everything, HorizontalPodAutoscaler.is);
  const pods = spec?.metrics?.map((metric) => metric.pods);
  const { streams } = settingsOf(gatewayPod(everything).env);
  expect(pods?.[1]?.metric.name).toBe("sluice_streams");
  expect(Number(pods?.[1]?.target.averageValue)).toBeLessThan(streams.maxStreams * 0.7);
});

import { defineConfig } from "vitest/config";

const redis = ["test/harness/redis-setup.ts"];

const contract = ["test/contract/watch.ts"];

const cluster = {
  include: ["test/cluster/**/*.test.ts"],
  globalSetup: redis,
  setupFiles: contract,
  testTimeout: 300_000,
  hookTimeout: 60_000,
  // each file drives several processes: side by side they only wait for each other
  fileParallelism: false,
};

const sideBySide = { fileParallelism: true, maxWorkers: 3, sequence: { groupOrder: 1 } };

/** Their processes wait for time-outs most of the time, and do so side by side. */
const waiting = [
  "doctor-proxies",
  "doctor",
  "failover",
  "killed-node",
  "orphans",
  "redis-away",
  "redis-silence",
  "request-limits",
  "shedding",
  "start",
].map((name) => `test/cluster/${name}.test.ts`);

export default defineConfig({
  test: {
    // by default one core is left idle
    maxWorkers: "100%",
    reporters: ["default", "./test/summary-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["{apps,packages}/**/src/**/*.test.ts"],
          globalSetup: redis,
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "conformance",
          include: ["test/{conformance,contract}/**/*.test.ts"],
          globalSetup: redis,
          setupFiles: contract,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: "cluster", ...cluster, exclude: waiting } },
      {
        test: {
          name: "cluster-waiting",
          ...cluster,
          include: waiting,
          ...sideBySide,
        },
      },
      {
        test: {
          name: "k8s",
          include: ["test/k8s/**/*.test.ts"],
          globalSetup: [...redis, "test/k8s/kubectl-setup.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "writers",
          include: ["test/writers/**/*.test.ts"],
          // what has to be fetched and compiled the first time
          testTimeout: 300_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "console",
          include: ["test/console/**/*.test.ts"],
          globalSetup: [...redis, "test/console/build-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          ...sideBySide,
        },
      },
      {
        test: {
          name: "chaos",
          include: ["test/chaos/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "docs",
          include: ["test/docs/**/*.test.ts"],
          globalSetup: "test/docs/programs-setup.ts",
          testTimeout: 300_000,
        },
      },
      // these build PocketBase, which needs Go, and are not part of `npm test` either
      {
        test: {
          name: "pocketbase",
          include: ["test/pocketbase/**/*.test.ts"],
          globalSetup: redis,
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
      // these need Docker, and are not part of `npm test`
      { test: { name: "containers-redis", ...cluster, provide: { redisImage: "redis:8-alpine" } } },
      { test: { name: "containers-valkey", ...cluster, provide: { redisImage: "valkey/valkey:8-alpine" } } },
      {
        test: {
          name: "containers",
          include: ["test/containers/**/*.test.ts"],
          globalSetup: ["test/containers/docker-setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});

import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasCommand, installDebianPackage } from "./debian-package.ts";
import { freePort } from "./free-port.ts";
import { startRedisServer } from "./test-redis.ts";

/** A Redis that also speaks TLS, with certificates of a CA of its own. */
export interface RedisTls {
  /** The port without TLS, for what a test prepares. */
  readonly plainUrl: string;
  readonly tlsPort: number;
  /** Files in PEM; the certificates name `localhost` and no address. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly close: () => Promise<void>;
}

/** @param wantsCertificate whether clients have to show a certificate too */
export async function startRedisTls(wantsCertificate: boolean): Promise<RedisTls> {
  if (!hasCommand("openssl") && !installDebianPackage("openssl", "openssl")) {
    throw new TypeError("expected openssl on the PATH, or to be root where apt-get can install it");
  }
  const folder = await mkdtemp(join(tmpdir(), "sluice-tls-"));
  const files = {
    ca: join(folder, "ca.crt"),
    cert: join(folder, "redis.crt"),
    key: join(folder, "redis.key"),
  };
  const openssl = (...args: readonly string[]): unknown =>
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=CA of the tests");
  openssl("req", ...newKey, "-keyout", "redis.key", "-out", "redis.csr", "-subj", "/CN=localhost");
  await writeFile(join(folder, "names"), "subjectAltName=DNS:localhost");
  const signer = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
  openssl("x509", "-req", "-in", "redis.csr", ...signer, "-out", "redis.crt", "-extfile", "names");
  const tlsPort = await freePort();
  const pem = ["--tls-ca-cert-file", files.ca, "--tls-cert-file", files.cert, "--tls-key-file", files.key];
  const tls = ["--tls-port", String(tlsPort), "--tls-auth-clients", wantsCertificate ? "yes" : "no"];
  const server = await startRedisServer(undefined, [...tls, ...pem]);
  const close = async (): Promise<void> => {
    await server.close();
    await rm(folder, { recursive: true });
  };
  return { plainUrl: server.url, tlsPort, files, close };
}

import type { Context } from "hono";

/** What people see after an OAuth2 redirect; the fragment of the address shows one of the two lines. */
const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Sign-in</title>
<style>
  p { display: none; font: 1.1rem system-ui; margin: 3rem; text-align: center }
  p:target { display: block }
</style>
<p id="/auth/oauth2-redirect-success">Auth completed. You can close this window and go back to the app.</p>
<p id="/auth/oauth2-redirect-failure">Failed to authenticate. You can close this window and go back to the app to try again.</p>
</html>
`;

/** `GET /_/`: the page that an OAuth2 redirect ends on. PocketBase has its dashboard there. */
export function showAuthPage(context: Context): Response {
  context.header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  return context.html(page);
}

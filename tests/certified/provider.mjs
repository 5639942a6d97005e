// Serves the certified provider oidc-provider: `node provider.mjs PORT FOLDER DESK`. Its clients
// take RS256 and ES256; `claims.json` has what it says of each person, by UserInfo alone.
import { readFileSync } from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const [port, folder, desk] = process.argv.slice(2);
const told = () => JSON.parse(readFileSync(`${folder}/claims.json`, "utf8"));
const key = (kind, options) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" }),
  kid: kind,
  use: "sig",
});
const client = (alg) => ({
  client_id: `desk-${alg}`,
  client_secret: readFileSync(`${folder}/secret`, "utf8").trim(),
  redirect_uris: [`${desk}/sign-in/back`],
  post_logout_redirect_uris: [`${desk}/sign-in`],
  id_token_signed_response_alg: alg,
});

const provider = new Provider(`http://127.0.0.1:${port}/op`, {
  clients: [client("RS256"), client("ES256")],
  jwks: { keys: [key("rsa", { modulusLength: 2048 }), key("ec", { namedCurve: "P-256" })] },
  claims: { openid: ["sub"], profile: ["preferred_username", "groups"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...told()[id] }) }),
  pkce: { required: () => true },
  cookies: { keys: ["of the tests"] },
});
const answer = provider.callback();
createServer((request, response) => {
  request.originalUrl = request.url;
  request.url = request.url.replace(/^\/op/, "");
  answer(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("listening"));

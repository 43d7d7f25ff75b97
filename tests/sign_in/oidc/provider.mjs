// Two real OpenID providers on loopback, with the login and consent forms that oidc-provider brings along.
// Argument: JSON with the client's redirect_uris, its secret at the first, and its public keys at the second.
// Prints one line of JSON with both issuers. POST /rotate at either gives it new signing keys, and forgets the old ones.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const told = JSON.parse(process.argv[2]);
const CLIENTS = {
  national: { token_endpoint_auth_method: "client_secret_basic", client_secret: told.secret },
  hospital: {
    token_endpoint_auth_method: "private_key_jwt",
    token_endpoint_auth_signing_alg: "ES256",
    jwks: told.jwks,
    id_token_signed_response_alg: "Ed25519",
  },
};
// What each provider says about whoever signs in under a name.
const CLAIMS = {
  amina: { identity_proofing_level: "P9", roles: ["member"] },
  okafor: { identity_proofing_level: "P9", roles: ["member", "clinician"] },
  nadia: { identity_proofing_level: "P9", roles: [] },
  quick: { identity_proofing_level: "P0", roles: [] },
};
let generation = 0;

function signingKeys() {
  generation += 1;
  const pairs = [
    ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["Ed25519", generateKeyPairSync("ed25519")],
  ];
  return pairs.map(([alg, pair]) => ({
    ...pair.privateKey.export({ format: "jwk" }), alg, use: "sig", kid: `${alg}-${generation}`,
  }));
}

function configured(client) {
  return {
    clients: [{
      client_id: "record-ledger", redirect_uris: told.redirect_uris, response_types: ["code"],
      grant_types: ["authorization_code"], ...client,
    }],
    jwks: { keys: signingKeys() },
    cookies: { keys: ["a key of these tests"] },
    claims: { openid: ["sub"], profile: ["identity_proofing_level", "roles"] },
    conformIdTokenClaims: false, // claims stand in the ID token itself
    pkce: { required: () => true },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "Ed25519"], clientAuthSigningAlgValues: ["ES256"] },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...CLAIMS[sub] }) }),
  };
}

async function serve(client) {
  const server = createServer((request, response) => {
    if (request.method === "POST" && request.url === "/rotate") {
      provider = new Provider(issuer, configured(client));
      response.end("rotated");
      return;
    }
    provider.callback()(request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // By its address it is another site than the service, which is at localhost: as a provider is to its clients.
  const issuer = `http://127.0.0.1:${server.address().port}`;
  let provider = new Provider(issuer, configured(client));
  return issuer;
}

const issuers = {};
for (const [name, client] of Object.entries(CLIENTS)) issuers[name] = await serve(client);
process.stdout.write(`${JSON.stringify(issuers)}\n`);
// Whoever started this holds the other end: when they are gone, this is too.
process.stdin.on("end", () => process.exit(0)).resume();

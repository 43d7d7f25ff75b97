/** Passkeys: what WebAuthn (level 3) takes and gives, as JSON with base64url. User verification is always asked for. */

import { fromBase64url, toBase64url } from "./base64url.js";

/** This browser knows no passkeys. */
export class NoPasskeys extends Error {}

/** Make a passkey from the server's options; gives a RegistrationResponseJSON. */
export async function makePasskey(options) {
  checkPasskeys();
  const credential = await navigator.credentials.create({ publicKey: creationOf(options) });
  return registrationOf(credential);
}

/** Show who one is, with the server's options; gives an AuthenticationResponseJSON. */
export async function usePasskey(options) {
  checkPasskeys();
  const credential = await navigator.credentials.get({ publicKey: requestOf(options) });
  return authenticationOf(credential);
}

/**
 * An assertion over a challenge that was computed here, in the five members of the ledger's format.
 *
 * `allowed` are credential ids in base64url: only those certify, so the browser offers no others.
 */
export async function assertOver(challenge, nonce, allowed) {
  checkPasskeys();
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge,
      allowCredentials: allowed.map((id) => ({ type: "public-key", id: fromBase64url(id) })),
      userVerification: "required",
      timeout: 300_000,
    },
  });
  return {
    credential: toBase64url(credential.rawId),
    nonce,
    authenticator_data: toBase64url(credential.response.authenticatorData),
    client_data: toBase64url(credential.response.clientDataJSON),
    signature: toBase64url(credential.response.signature),
  };
}

function checkPasskeys() {
  if (typeof PublicKeyCredential !== "function") throw new NoPasskeys("this browser knows no passkeys");
}

function creationOf(options) {
  if (typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function") {
    return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  }
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    user: { ...options.user, id: fromBase64url(options.user.id) },
    excludeCredentials: descriptorsOf(options.excludeCredentials),
  };
}

function requestOf(options) {
  if (typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function") {
    return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  }
  return {
    ...options,
    challenge: fromBase64url(options.challenge),
    allowCredentials: descriptorsOf(options.allowCredentials),
  };
}

function descriptorsOf(described = []) {
  return described.map((one) => ({ ...one, id: fromBase64url(one.id) }));
}

function registrationOf(credential) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const { response } = credential;
  return {
    ...headOf(credential),
    response: {
      attestationObject: toBase64url(response.attestationObject),
      clientDataJSON: toBase64url(response.clientDataJSON),
      transports: response.getTransports?.() ?? [],
    },
  };
}

function authenticationOf(credential) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const { response } = credential;
  return {
    ...headOf(credential),
    response: {
      authenticatorData: toBase64url(response.authenticatorData),
      clientDataJSON: toBase64url(response.clientDataJSON),
      signature: toBase64url(response.signature),
      userHandle: response.userHandle === null ? undefined : toBase64url(response.userHandle),
    },
  };
}

function headOf(credential) {
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

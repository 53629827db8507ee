import { isLoopbackHost } from "../../util/loopback.ts";
import type { Secret } from "../../util/secret.ts";

export type TeamsSettings = {
  /** Of the bot's registration in Azure. */
  readonly appId?: string;
  readonly appPassword?: Secret;
  /** The directory that the registration belongs to. */
  readonly tenantId?: string;
  readonly appType: "SingleTenant" | "MultiTenant" | "UserAssignedMSI";
  /** Directories whose people may use the bot. Empty for that of the registration alone. */
  readonly tenants: readonly string[];
  /** Hosts that the bot may be called from and answers to: `MICROSOFT_HOSTS` unless somebody knows better. */
  readonly serviceUrls: readonly string[];
  /** Without `appId`: takes every request that claims to come from this machine. For development. */
  readonly insecureDev: boolean;
  /** Other addresses of the Bot Framework, on loopback: for tests. */
  readonly overrides: {
    readonly openIdMetadata?: string;
    readonly emulatorOpenIdMetadata?: string;
    readonly tokenIssuer?: string;
    readonly loginUrl?: string;
    readonly oauthScope?: string;
    readonly oauthUrl?: string;
  };
  /** How charts are shown. `image` is for clients that have no charts of their own. Default: `native`. */
  readonly charts?: "native" | "image";
  /** IANA zone of times in charts where nobody's zone is known. Default: UTC. */
  readonly zone?: string;
};

/** What the public cloud of the Bot Framework uses, as botframework-connector's `AuthenticationConstants` have it. */
const PUBLIC_CLOUD = {
  openIdMetadata: "https://login.botframework.com/v1/.well-known/openidconfiguration",
  emulatorOpenIdMetadata: "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration",
  tokenIssuer: "https://api.botframework.com",
  loginUrl: "https://login.microsoftonline.com/botframework.com",
  oauthScope: "https://api.botframework.com",
  oauthUrl: "https://api.botframework.com",
};

export type Cloud = typeof PUBLIC_CLOUD;

/** The addresses in use. Throws with a sentence when one of the overrides is not on this machine. */
export function cloudOf({ overrides }: TeamsSettings): Cloud {
  for (const [name, value] of Object.entries(overrides)) {
    // A scope and an issuer are names that only look like addresses: nothing is sent to them.
    if (value === undefined || name === "oauthScope" || name === "tokenIssuer") continue;
    const url = URL.parse(value);
    if (url === null || !isLoopbackHost(url.hostname))
      throw new Error(
        `Teams: ${name} may only be changed to an address on this machine, such as http://127.0.0.1:9000.`,
      );
  }
  return {
    ...PUBLIC_CLOUD,
    ...Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined)),
  };
}

/** Throws with a sentence when the settings do not fit together: half of the credentials, or nobody who may ask. */
export function checkSettings(settings: TeamsSettings): void {
  const { appId, appPassword, appType, tenantId, insecureDev } = settings;
  cloudOf(settings);
  if (appId === undefined) {
    if (insecureDev) return;
    throw new Error("Teams: an app id is needed. Without one nobody's identity is checked.");
  }
  if (appType !== "UserAssignedMSI" && appPassword === undefined)
    throw new Error(`Teams: an app of type ${appType} needs its password.`);
  if (appType !== "MultiTenant" && tenantId === undefined)
    throw new Error(`Teams: an app of type ${appType} needs the id of its tenant.`);
  if (tenantsOf(settings).length === 0)
    throw new Error("Teams: name the tenants whose people may use the bot. An empty list lets nobody in.");
}

/** The directories whose people may use the bot. */
export function tenantsOf({ tenants, tenantId }: TeamsSettings): readonly string[] {
  return tenants.length > 0 ? tenants : tenantId === undefined ? [] : [tenantId];
}

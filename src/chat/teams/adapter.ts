import type * as Sdk from "botbuilder";
import { reasonOf } from "../../util/errors.ts";
import { createConnectorClient } from "./connector.ts";
import { TokenError } from "./errors.ts";
import { type Activity, Member, type Reference, TokenAnswer } from "./schema.ts";
import { type Cloud, cloudOf, type TeamsSettings } from "./settings.ts";

/** A conversation as the connector names it, and how to reach it. */
export type Target = { readonly conversation: string; readonly reference: Reference };

/** The SDK, as far as this bot uses it. */
export type Bot = {
  /** Runs one activity that the gate let in, as a turn of the SDK. Throws what `turn` throws. */
  process(activity: unknown, turn: () => Promise<void>): Promise<void>;
  /** Posts an activity. Returns its id, "" when the connector gave none. Throws what connector.ts and tokens throw. */
  send(target: Target, activity: Partial<Sdk.Activity>): Promise<string>;
  update(target: Target, id: string, activity: Partial<Sdk.Activity>): Promise<void>;
  /** The role and the directory of that account, as far as the connector says. */
  memberOf(target: Target, user: string): Promise<{ readonly role?: string; readonly tenant?: string }>;
  /** Gets a token for the connector, which proves the credentials; `anew` asks even when there is one. Throws `TokenError`. */
  authenticate(anew: boolean): Promise<void>;
};

type AuthenticationParts = ConstructorParameters<typeof Sdk.ConfigurationBotFrameworkAuthentication>;
type Credentials = NonNullable<AuthenticationParts[1]>;
type ConnectorOptions = NonNullable<AuthenticationParts[4]>;

/** Loads the SDK, which takes some 0.5 s, and sets it up. Throws when it finds the settings wanting. */
export async function loadBot(settings: TeamsSettings): Promise<Bot> {
  // `default` is the whole of a CommonJS module, also where Node finds no names in it.
  const sdk = ((await import("botbuilder")) as unknown as { default: typeof Sdk }).default;
  const cloud = cloudOf(settings);
  const credentials = credentialsOf(sdk, settings, cloud);
  const authentication = authenticationOf(sdk, settings, cloud, credentials);
  const adapter = new (adapterOf(sdk))(authentication);
  adapter.onTurnError = async (_context, problem) => {
    throw problem;
  };
  const appId = settings.appId ?? "";

  function continued<T>(
    { conversation, reference }: Target,
    work: (context: Sdk.TurnContext) => Promise<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const stored: Partial<Sdk.ConversationReference> = {
        channelId: "msteams",
        serviceUrl: reference.serviceUrl,
        bot: reference.bot,
        conversation: {
          id: conversation,
          name: "",
          isGroup: reference.conversationType !== "personal",
          conversationType: reference.conversationType,
          ...(reference.tenantId === undefined ? {} : { tenantId: reference.tenantId }),
        },
      };
      adapter.continueConversationAsync(appId, stored, async (context) => resolve(await work(context))).catch(reject);
    });
  }

  return {
    process: (activity, turn) => adapter.take(appId, cloud.oauthScope, authentication, activity as Sdk.Activity, turn),
    send: (target, activity) => continued(target, async (context) => (await context.sendActivity(activity))?.id ?? ""),
    update: (target, id, activity) =>
      continued(target, async (context) => {
        await context.updateActivity({ ...activity, id });
      }),
    memberOf: (target, user) =>
      continued(target, async (context) => {
        const { data } = Member.safeParse(await sdk.TeamsInfo.getMember(context, user));
        return {
          ...(data?.userRole ? { role: data.userRole.toLowerCase() } : {}),
          ...(data?.tenantId ? { tenant: data.tenantId.toLowerCase() } : {}),
        };
      }),
    async authenticate(anew) {
      if (settings.appId === undefined) return;
      const made = await credentials.createCredentials(appId, cloud.oauthScope, cloud.loginUrl, true);
      await (made as Token).getToken(anew);
    },
  };
}

/**
 * The SDK's adapter with a way in for what was verified already: its own way verifies each token anew, accepts others
 * than the channel's, and answers the request, which was acknowledged by then.
 */
function adapterOf(sdk: typeof Sdk) {
  return class extends sdk.CloudAdapter {
    async take(
      appId: string,
      audience: string,
      authentication: Sdk.ConfigurationBotFrameworkAuthentication,
      activity: Sdk.Activity,
      turn: () => Promise<void>,
    ): Promise<void> {
      const claimsIdentity = this.createClaimsIdentity(appId);
      const connectorFactory = authentication.createConnectorFactory(claimsIdentity);
      await this.processActivity({ audience, claimsIdentity, connectorFactory }, activity, turn);
    }
  };
}

// ---------------------------------------------------------------- authentication

function authenticationOf(
  sdk: typeof Sdk,
  { serviceUrls, appId, insecureDev }: TeamsSettings,
  cloud: Cloud,
  credentials: Credentials,
): Sdk.ConfigurationBotFrameworkAuthentication {
  const httpClient = createConnectorClient(serviceUrls, insecureDev && appId === undefined);
  // The SDK wants all of them when one differs, and takes the public cloud's for the same as none.
  const authentication = new sdk.ConfigurationBotFrameworkAuthentication(
    {
      ToChannelFromBotLoginUrl: cloud.loginUrl,
      ToChannelFromBotOAuthScope: cloud.oauthScope,
      ToBotFromChannelTokenIssuer: cloud.tokenIssuer,
      OAuthUrl: cloud.oauthUrl,
      ToBotFromChannelOpenIdMetadataUrl: cloud.openIdMetadata,
      ToBotFromEmulatorOpenIdMetadataUrl: cloud.emulatorOpenIdMetadata,
    },
    credentials,
    undefined,
    undefined,
    // New keys of the channel are known within the hour, not within a day.
    { httpClient, tokenRefreshInterval: 1 } as unknown as ConnectorOptions,
  );
  reuseClients(authentication);
  return authentication;
}

/** As many service URLs as have a client of their own ready. Teams has one for each region. */
const MOST_CLIENTS = 100;

/**
 * Keeps the SDK's clients, which hold no state of a conversation: it would build two pipelines of HTTP policies anew for
 * each activity and each message, which takes most of the time that one costs.
 */
function reuseClients(authentication: Sdk.ConfigurationBotFrameworkAuthentication): void {
  type Factory = ReturnType<typeof authentication.createConnectorFactory>;
  const made = new Map<string, ReturnType<Factory["create"]>>();
  const kept = (factory: Factory): Factory => ({
    create(serviceUrl, audience) {
      const key = JSON.stringify([serviceUrl, audience]);
      const known = made.get(key) ?? factory.create(serviceUrl, audience);
      if (made.size >= MOST_CLIENTS) made.clear();
      made.set(key, known);
      known.catch(() => made.delete(key));
      return known;
    },
  });
  const { createConnectorFactory, createUserTokenClient } = authentication;
  authentication.createConnectorFactory = (identity) => kept(createConnectorFactory.call(authentication, identity));
  let tokens: ReturnType<typeof createUserTokenClient> | undefined;
  authentication.createUserTokenClient = (identity) => {
    tokens ??= createUserTokenClient.call(authentication, identity);
    tokens.catch(() => {
      tokens = undefined;
    });
    return tokens;
  };
}

function credentialsOf(sdk: typeof Sdk, settings: TeamsSettings, cloud: Cloud): Credentials {
  const { appId = "", appPassword, tenantId, appType } = settings;
  const password = appPassword?.reveal() ?? "";
  const own = appId === "" ? undefined : settings.overrides.loginUrl;
  const inner = new sdk.ConfigurationServiceClientCredentialFactory(
    appId === ""
      ? {}
      : {
          MicrosoftAppId: appId,
          MicrosoftAppType: appType,
          ...(appType === "UserAssignedMSI" ? {} : { MicrosoftAppPassword: password }),
          ...(tenantId === undefined ? {} : { MicrosoftAppTenantId: tenantId }),
        },
  );
  const made = new Map<string, Token>();
  const factory: Pick<Credentials, keyof Credentials> = {
    isValidAppId: (id) => inner.isValidAppId(id ?? ""),
    isAuthenticationDisabled: () => inner.isAuthenticationDisabled(),
    // One object for each scope: the SDK would make a new one, with a new token library, for each message.
    async createCredentials(id = "", scope = cloud.oauthScope, login = cloud.loginUrl, validate = true) {
      if (appId === "") return inner.createCredentials(id, scope, login, validate);
      const known = made.get(scope);
      if (known !== undefined) return known;
      const created: Token =
        own === undefined
          ? ((await inner.createCredentials(id, scope, login, validate)) as unknown as Token)
          : localCredentials({ appId, password, scope, loginUrl: cloud.loginUrl });
      tellTokenTrouble(created);
      made.set(scope, created);
      return created;
    },
  };
  return factory;
}

type Token = Awaited<ReturnType<Credentials["createCredentials"]>> & { getToken(force?: boolean): Promise<string> };

/** Makes what goes wrong with a token tell itself apart from what goes wrong with a message. */
function tellTokenTrouble(tokens: Token): void {
  const getToken = tokens.getToken.bind(tokens);
  tokens.getToken = async (force) => {
    try {
      return await getToken(force);
    } catch (problem) {
      if (problem instanceof TokenError) throw problem;
      const said = reasonOf(problem).split(" Trace ID")[0]!.slice(0, 300);
      const refused = /invalid_client|unauthorized_client|invalid_grant|AADSTS(70|90)\d{3,}/i.test(said);
      throw new TokenError(said, refused, { cause: problem });
    }
  };
}

/** The SDK's token library takes https alone: a login server on this machine is asked here, in the same way. */
function localCredentials(login: LocalLogin): Token {
  let token: { readonly value: string; readonly until: number } | undefined;
  const credentials: Token = {
    async getToken(force = false) {
      if (force || token === undefined || token.until <= Date.now()) token = await askForToken(login);
      return token.value;
    },
    async signRequest(request) {
      request.headers.set("authorization", `Bearer ${await credentials.getToken()}`);
      return request;
    },
  };
  return credentials;
}

type LocalLogin = {
  readonly appId: string;
  readonly password: string;
  readonly scope: string;
  readonly loginUrl: string;
};

async function askForToken({ appId, password, scope, loginUrl }: LocalLogin) {
  const response = await fetch(`${loginUrl.replace(/\/$/, "")}/oauth2/v2.0/token`, {
    method: "POST",
    redirect: "error",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: appId,
      client_secret: password,
      scope: `${scope.replace(/\/\.default$/, "")}/.default`,
    }),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = TokenAnswer.safeParse(await response.json().catch(() => undefined));
  const { status } = response;
  if (!answer.success)
    throw new TokenError(`the login server answered with status ${status}`, [400, 401].includes(status));
  const { access_token, expires_in } = answer.data;
  return { value: access_token, until: Date.now() + Math.max(0, expires_in - 300) * 1000 };
}

/** What the activity tells about how to reach its conversation. */
export function referenceOf(activity: Activity, zone: string | undefined): Reference {
  const { serviceUrl, conversation, recipient, channelData } = activity;
  const tenantId = conversation.tenantId ?? channelData?.tenant?.id ?? undefined;
  const type = conversation.conversationType ?? (conversation.isGroup === true ? "groupChat" : "personal");
  const team = channelData?.team?.id ?? undefined;
  return {
    serviceUrl,
    conversationType: type,
    ...(tenantId === undefined ? {} : { tenantId }),
    bot: { id: recipient.id, name: recipient.name ?? "" },
    ...(team === undefined ? {} : { team }),
    ...(zone === undefined || type !== "personal" ? {} : { zone }),
  };
}

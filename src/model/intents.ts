/** The kinds of questions as a model is told them, each with what people say. */
const KINDS: Readonly<Record<string, { readonly about: string; readonly examples: readonly string[] }>> = {
  status_overview: { about: "how everything is", examples: ["anything on fire?", "quick health summary please"] },
  health_check: { about: "how one named thing is", examples: ["is checkout ok?"] },
  resource_usage: { about: "CPU, memory, disk or network of something, now or before", examples: ["ram on web-1"] },
  golden_signal: { about: "traffic, errors or latency of a service", examples: ["how slow is search for people?"] },
  metric_query: { about: "another measure that a metric gives", examples: ["mails waiting to go out"] },
  top_k: { about: "the highest or lowest of several", examples: ["who eats most memory?"] },
  compare: { about: "two things or two times beside each other", examples: ["is it worse than last Tuesday?"] },
  anomaly: { about: "what is unusual", examples: ["did something weird happen tonight?"] },
  alerts: { about: "alerts that fire", examples: ["what paged me?"] },
  forecast: { about: "what will be, or when something runs out", examples: ["does the disk survive the weekend?"] },
  root_cause: {
    about: "why something is as it is, or several findings put together",
    examples: ["what broke search, and did the deploy have anything to do with it?"],
  },
  discovery: { about: "what exists: services, hosts, metrics", examples: ["which boxes do we run?"] },
  remediation: { about: "a wish that something be changed", examples: ["bounce the mailer"] },
  out_of_scope: { about: "nothing about these systems", examples: ["write me a poem", "what is the weather?"] },
  smalltalk: { about: "greetings and thanks", examples: ["cheers mate"] },
};

/** One line for each intent. */
export function sayIntents(intents: readonly string[]): string {
  return intents.map((intent) => `- ${intent}: ${KINDS[intent]?.about ?? intent.replaceAll("_", " ")}`).join("\n");
}

/** Questions with their intents, as the answers are to be written. */
export function intentExamples(intents: readonly string[]): string {
  return intents
    .flatMap((intent) => (KINDS[intent]?.examples ?? []).map((text) => ({ question: text, intent })))
    .map(({ question, intent }) => `${JSON.stringify({ question })} -> ${JSON.stringify({ intent })}`)
    .join("\n");
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fold, guessLanguage, normalise, tokens, words } from "../../../src/core/language/normalise.ts";

describe("normalise", () => {
  test.each([
    ["<@U0ABC> how is <#C123|ops-room> :fire: &amp; co", "how is ops-room & co"],
    ["is <https://pay.example.org|the pay page> up", "is the pay page https://pay.example.org up"],
    ["is <http://a.example.org|a.example.org> up", "is a.example.org up"],
    ["is <https://a.example.org> up <!here>", "is https://a.example.org up"],
    ["*error rate* of _order_events_ and ~not~ that", "error rate of order_events and not that"],
    ["<p><at>Ops Bot</at>&nbsp;cpu of <b>node-7</b> &gt; 70%</p>", "cpu of node-7 > 70%"],
    ["zero\u200bwidth and \u0007bell", "zerowidth and bell"],
    ["“smart” isn’t hard?!?! wait.....", '"smart" isn\'t hard? wait...'],
    ["keep order_events, job:rate:5m, db:9100 and 10:30:45", "keep order_events, job:rate:5m, db:9100 and 10:30:45"],
    ["rate(x[5m]) * 60 * 2", "rate(x[5m]) * 60 * 2"],
  ])("strips the markup of %s", (typed, text) => {
    expect(normalise(typed).text).toBe(text);
  });

  test("keeps code apart and in the text, with its entities decoded", () => {
    const read = normalise("run ```promql\nsum(rate(x_total[5m])) &gt; 1\n``` on `node-7`");
    expect(read.code).toEqual(["sum(rate(x_total[5m])) > 1", "node-7"]);
    expect(read.text).toBe("run sum(rate(x_total[5m])) > 1 on node-7");
  });

  test("collects what stands in quotation marks", () => {
    expect(normalise("what does «etl lag» mean, and 'ok'? it's \"fine\"").quoted).toEqual(["etl lag", "ok", "fine"]);
  });

  test.each([
    ["hey bot, could you please tell me what's the load?", "what's the load?"],
    ["Hallo, kannst du mir sagen wie voll die Platte ist, danke", "wie voll die Platte ist"],
    ["s'il te plaît redémarre l'API", "redémarre l'API"],
    ["por favor reinicia eso", "reinicia eso"],
    ["tell me how many pods", "how many pods"],
    ["tell me a joke", "tell me a joke"],
    ["thank you!", "thank you!"],
    ["hello there", "hello there"],
    ["heeeelp www.example.org", "help www.example.org"],
  ])("drops the filler of %s for matching only", (typed, plain) => {
    expect(normalise(typed).plain).toBe(plain);
  });

  test.each([
    ["how many errors did it throw", "en"],
    ["Wie viele Fehler hatte der Dienst", "de"],
    ["¿Cuántos errores hay en el servicio?", "es"],
    ["quelle est la latence du service", "fr"],
    ["qual é a taxa de erros do serviço", "pt"],
    ["abhi kitna load hai", "hi"],
    ["cpu node-7", "en"],
  ])("takes the language of %s to be %s", (typed, language) => {
    expect(normalise(typed).language).toBe(language);
    expect(guessLanguage(typed)).toBe(language);
  });

  test("cuts very long messages but keeps their beginning and their end", () => {
    const { text } = normalise(`first ${"line of a log\n".repeat(5000)} last`);
    expect(text.length).toBeLessThan(9000);
    expect(text.startsWith("first")).toBe(true);
    expect(text.endsWith("last")).toBe(true);
  });

  test("reads any text without throwing, and leaves no control characters", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."<>@#|`*_~:&;!?.,\"' \n\u200b\u0007aéZ9/-="), maxLength: 200 }),
        (typed) => {
          const read = normalise(typed);
          expect(read.text).not.toMatch(/[\u200b\u0000-\u0009]/);
          expect(read.text.includes(read.plain) || read.plain.length <= read.text.length).toBe(true);
        },
      ),
    );
  });
});

describe("tokens", () => {
  test("keeps names whole and marks where they stand", () => {
    const text =
      "p99 of node-7/v2.3.0, order_events? /var/lib/x https://a.example.org/b 5xx 10 req/s >= 70% (l'erreur) what's 1,000";
    expect(words(text)).toEqual(
      "p99 of node-7 v2.3.0 order_events /var/lib/x https://a.example.org/b 5xx 10 req/s >= 70% l erreur whats 1,000".split(
        " ",
      ),
    );
    for (const token of tokens(text)) expect(text.slice(token.start, token.end)).toBe(token.text);
  });

  test("knows placeholders and free-standing slashes and percent signs", () => {
    expect(words("left on / of <host> above 70 %")).toEqual(["left", "on", "/", "of", "<host>", "above", "70", "%"]);
  });

  test("offsets point at the token in any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
        for (const token of tokens(text)) expect(text.slice(token.start, token.end)).toBe(token.text);
      }),
    );
  });
});

test("fold lowers, drops accents and writes ß as ss", () => {
  expect(fold("Größe ÉTÉ São ñandú")).toBe("grosse ete sao nandu");
});

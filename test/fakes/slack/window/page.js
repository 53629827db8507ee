// The page's own part: shows the view of one channel, keeps it fresh, and passes on what is typed and clicked.
const at = (id) => document.getElementById(id);
let room = location.hash.slice(1) || document.querySelector("[data-room]").dataset.room;
let thread;

async function refresh() {
  const isAtEnd = scrollY + innerHeight > document.body.scrollHeight - 80;
  const answer = await fetch(`/window/view/${room}`);
  at("view").innerHTML = await answer.text();
  for (const link of document.querySelectorAll("[data-room]"))
    link.toggleAttribute("aria-current", link.dataset.room === room);
  if (isAtEnd) scrollTo(0, document.body.scrollHeight);
}

async function send(what, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`/window/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
  at("notice").textContent = answer.ok ? "" : await answer.text();
  return answer.ok;
}

function reply(ts) {
  thread = ts;
  at("replying").hidden = ts === undefined;
  at("text").focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.press) void send("press", { room, address: JSON.parse(button.dataset.press) });
  if (button?.dataset.reply) reply(button.dataset.reply);
  if (button?.id === "unthread") reply(undefined);
});

at("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (text !== "" && (await send("say", { room, text, thread }))) at("text").value = "";
});

addEventListener("hashchange", () => {
  room = location.hash.slice(1);
  reply(undefined);
  at("text").value = "";
  void send("open", { room });
  void refresh();
});

new EventSource("/window/changes").onmessage = refresh;

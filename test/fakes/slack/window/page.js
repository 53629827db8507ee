// The page's own part: shows the view of one channel, keeps it fresh, and passes on what is typed and clicked.
const at = (id) => document.getElementById(id);
let room = location.hash.slice(1) || document.querySelector("[data-room]").dataset.room;
let thread;
let who = at("who").value;

async function refresh() {
  const isAtEnd = scrollY + innerHeight > document.body.scrollHeight - 80;
  const answer = await fetch(`/window/view/${room}/${who}`);
  at("view").innerHTML = await answer.text();
  for (const link of document.querySelectorAll("[data-room]"))
    link.toggleAttribute("aria-current", link.dataset.room === room);
  if (isAtEnd) scrollTo(0, document.body.scrollHeight);
  await showForm();
}

async function showForm() {
  const form = await (await fetch(`/window/form/${who}`)).text();
  const shown = at("form").querySelector("form")?.dataset.form;
  if (form === "" || (shown !== undefined && form.includes(`"${shown}"`))) return;
  at("form").innerHTML = form;
  at("form").showModal();
}

/** Slack's own question before a click counts. */
function isConfirmed(text) {
  if (text === undefined) return true;
  const said = JSON.parse(text);
  const [yes, no] = at("confirm").querySelectorAll("button");
  at("confirm").querySelector("h3").innerHTML = said.title;
  at("confirm").querySelector("p").innerHTML = said.text;
  yes.innerHTML = said.confirm;
  yes.className = said.style;
  no.innerHTML = said.deny;
  at("confirm").returnValue = "no";
  at("confirm").showModal();
  return new Promise((resolve) => {
    at("confirm").onclose = () => resolve(at("confirm").returnValue === "yes");
  });
}

async function press(button) {
  if (await isConfirmed(button.dataset.confirm))
    await send("press", { room, address: JSON.parse(button.dataset.press) });
}

async function send(what, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`/window/${what}`, { method: "POST", headers, body: JSON.stringify({ who, ...body }) });
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
  if (button?.dataset.press) void press(button);
  if (button?.dataset.reply) reply(button.dataset.reply);
  if (button?.id === "unthread") reply(undefined);
});

at("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (text !== "" && (await send("say", { room, text, thread }))) at("text").value = "";
});

at("form").addEventListener("close", () => {
  const form = at("form").querySelector("form");
  const isSent = at("form").returnValue === "send";
  const values = isSent ? { values: Object.fromEntries(new FormData(form)) } : {};
  void send("form", { form: form.dataset.form, ...values });
  at("form").replaceChildren();
});

at("who").addEventListener("change", () => {
  who = at("who").value;
  reply(undefined);
  void send("open", { room });
  void refresh();
});

addEventListener("hashchange", () => {
  room = location.hash.slice(1);
  reply(undefined);
  at("text").value = "";
  void send("open", { room });
  void refresh();
});

new EventSource("/window/changes").onmessage = refresh;

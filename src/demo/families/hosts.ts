import type { Model, TargetKey } from "../model.ts";
import { office, shoppers } from "../noise.ts";
import { HOSTS, type Host } from "../shop.ts";

const GIB = 2 ** 30;
const CORES = 2;

/** What the node exporter tells of every host. */
export function addHosts(model: Model): void {
  for (const host of HOSTS) {
    const target: TargetKey = { job: "node", instance: `${host.name}:9100` };
    const pace = paceOf(host);
    addProcessor(model, host, target, pace);
    addMemory(model, host, target, pace);
    addDisks(model, host, target, pace);
    for (const [direction, megabytes] of [
      ["receive", host.receive],
      ["transmit", host.send],
    ] as const) {
      model.counter(
        target,
        `node_network_${direction}_bytes_total`,
        `Bytes that the network device ${direction}s.`,
        { device: "eth0" },
        (at) => megabytes * 1e6 * pace(at) * (1 + 0.12 * model.noise(`${direction}/${host.name}`, at, 600)),
      );
    }
    const boot = Math.round(model.origin - (20 + 160 * model.share(`boot/${host.name}`)) * 86_400);
    model.gauge(target, "node_boot_time_seconds", "When the host started, in unix seconds.", {}, () => boot, {
      steady: true,
    });
    const labels = { nodename: host.name, sysname: "Linux", release: "6.1.0-31-amd64", machine: "x86_64" };
    model.gauge(target, "node_uname_info", "What the kernel says of itself: always 1.", labels, () => 1, {
      steady: true,
    });
  }
}

function paceOf(host: Host): (at: number) => number {
  if (host.follows === "shoppers") return (at) => 0.25 + 0.75 * shoppers(at);
  return host.follows === "office" ? (at) => 0.1 + 0.9 * office(at) : () => 1;
}

function addProcessor(model: Model, host: Host, target: TargetKey, pace: (at: number) => number): void {
  const busy = model.signal(
    `cpu/${host.name}`,
    (at) => host.cpu * pace(at) * (1 + 0.1 * model.noise(`cpu/${host.name}`, at, 700)),
    { low: 0.01, high: 0.985 },
  );
  const waiting = host.diskBusy * 0.25;
  const parts: readonly [string, (at: number) => number][] = [
    ["idle", (at) => 1 - busy.at(at)],
    ["user", (at) => busy.at(at) * (0.78 - waiting)],
    ["system", (at) => busy.at(at) * 0.22],
    ["iowait", (at) => busy.at(at) * waiting],
  ];
  for (let cpu = 0; cpu < CORES; cpu++) {
    // The first core does a little more, as it does in life. Both together keep the host's share exact.
    const lean = (cpu === 0 ? 1 : -1) * 0.02;
    for (const [mode, share] of parts) {
      const tilt = mode === "idle" ? -lean : mode === "user" ? lean : 0;
      model.counter(
        target,
        "node_cpu_seconds_total",
        "Seconds the processors spent in each mode.",
        { cpu: String(cpu), mode },
        (at) => Math.max(0, share(at) + tilt),
        { digits: 2 },
      );
    }
  }
  model.gauge(
    target,
    "node_load1",
    "Processes running or waiting, mean of the last minute.",
    {},
    (at) => busy.at(at) * CORES * (1.05 + 0.2 * model.noise(`load/${host.name}`, at, 120)),
    { digits: 2 },
  );
}

function addMemory(model: Model, host: Host, target: TargetKey, pace: (at: number) => number): void {
  const used = model.signal(
    `memory/${host.name}`,
    (at) => host.memoryUsed * (0.95 + 0.05 * pace(at)) + 0.012 * model.noise(`memory/${host.name}`, at, 5400),
    { high: 0.99 },
  );
  const total = host.memoryGiB * GIB;
  model.gauge(target, "node_memory_MemTotal_bytes", "Memory of the host, in bytes.", {}, () => total, { steady: true });
  model.gauge(
    target,
    "node_memory_MemAvailable_bytes",
    "Memory that programs could still get, in bytes.",
    {},
    (at) => total * (1 - used.at(at)),
  );
}

function addDisks(model: Model, host: Host, target: TargetKey, pace: (at: number) => number): void {
  for (const disk of host.disks) {
    const size = disk.gigabytes * 1e9;
    const name = `${host.name}:${disk.mount}`;
    const used = model.signal(
      `disk/${name}`,
      // Grows by half a percent over the two weeks, with a daily clean-up.
      (at) =>
        disk.used -
        0.005 * ((model.end - at) / (model.end - model.origin)) +
        0.002 * ((at % 86_400) / 86_400) +
        0.0004 * model.noise(name, at, 3600),
      { high: 0.988 },
    );
    const labels = { device: disk.device, fstype: "ext4", mountpoint: disk.mount };
    model.gauge(target, "node_filesystem_size_bytes", "Size of the filesystem, in bytes.", labels, () => size, {
      steady: true,
    });
    model.gauge(
      target,
      "node_filesystem_avail_bytes",
      "Bytes of the filesystem that are free for users.",
      labels,
      (at) => size * (1 - used.at(at)),
    );
  }
  const busy = model.signal(
    `diskbusy/${host.name}`,
    (at) => host.diskBusy * pace(at) * (1 + 0.25 * model.noise(`io/${host.name}`, at, 400)),
    { high: 0.99 },
  );
  const labels = { device: host.disks.at(-1)?.device.replace("/dev/", "").replace("1", "") ?? "sda" };
  model.counter(target, "node_disk_io_time_seconds_total", "Seconds the disk was busy.", labels, (at) => busy.at(at), {
    digits: 3,
  });
  model.counter(target, "node_disk_read_bytes_total", "Bytes read from the disk.", labels, (at) => busy.at(at) * 38e6);
  model.counter(
    target,
    "node_disk_written_bytes_total",
    "Bytes written to the disk.",
    labels,
    (at) => busy.at(at) * 61e6,
  );
}

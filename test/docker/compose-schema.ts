import { z } from "zod";

/** The Compose specification (https://github.com/compose-spec/compose-spec), strictly: the shapes that we write, and the names of all other keys. */

const any = z.unknown().optional();
const duration = z.string().regex(/^(?:\d+(?:us|ms|s|m|h))+$/);
const texts = z.array(z.string());
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const OTHERS = [
  "annotations attach blkio_config cap_add cgroup cgroup_parent configs container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period",
  "cpu_rt_runtime cpu_shares cpus cpuset credential_spec deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname driver_opts",
  "entrypoint expose extends external_links extra_hosts gpus group_add hostname init ipc isolation label_file labels links logging mac_address",
  "mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks oom_kill_disable oom_score_adj pids_limit platform post_start",
  "pre_stop privileged provider pull_policy runtime scale secrets shm_size stdin_open stop_signal storage_opt sysctls tty ulimits use_api_socket",
  "userns_mode uts volumes_from working_dir",
].flatMap((line) => line.split(" "));

const service = z
  .strictObject({
    image: z.string(),
    build: z.strictObject({ context: z.string(), dockerfile: z.string(), target: any, args: any }),
    command: texts,
    env_file: z.array(z.strictObject({ path: z.string(), required: z.boolean() })),
    environment: z.record(z.string().regex(/^\w+$/), scalar),
    ports: z.array(z.string().regex(/^127\.0\.0\.1:\d+:\d+$/)),
    volumes: z.array(z.string().regex(/^[\w./-]+:\/[\w./-]*(?::(?:ro|rw)(?:,rslave)?)?$/)),
    tmpfs: texts,
    user: z.string(),
    pid: z.literal("host"),
    read_only: z.boolean(),
    cap_drop: texts,
    security_opt: texts,
    stop_grace_period: duration,
    restart: z.enum(["no", "always", "on-failure", "unless-stopped"]),
    profiles: texts,
    depends_on: z.record(
      z.string(),
      z.strictObject({
        condition: z.enum(["service_started", "service_healthy", "service_completed_successfully"]),
        required: z.boolean().optional(),
        restart: z.boolean().optional(),
      }),
    ),
    healthcheck: z.strictObject({
      test: z.tuple([z.enum(["CMD", "CMD-SHELL"])], z.string()),
      interval: duration.optional(),
      timeout: duration.optional(),
      retries: z.int().min(1).optional(),
      start_period: duration.optional(),
      start_interval: duration.optional(),
    }),
    ...Object.fromEntries(OTHERS.map((name) => [name, z.unknown()])),
  })
  .partial()
  .refine(({ image, build }) => (image === undefined) !== (build === undefined), "needs an image or a build");

/** A whole compose file. What a service depends on, and the volumes that it names, have to be in it. */
export const Compose = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/),
    include: any,
    services: z.record(z.string(), service),
    volumes: z.record(z.string(), z.null()),
    networks: any,
    configs: any,
    secrets: any,
    models: any,
  })
  .superRefine(({ services, volumes }, { addIssue }) => {
    for (const [name, { depends_on = {}, volumes: mounts = [] }] of Object.entries(services)) {
      const absent = [
        ...Object.keys(depends_on).filter((other) => !(other in services)),
        ...mounts.flatMap((mount) => mount.split(":")[0]!).filter((from) => /^\w/.test(from) && !(from in volumes)),
      ];
      for (const other of absent) addIssue({ code: "custom", message: `${name} needs ${other}, which is not there` });
    }
  });

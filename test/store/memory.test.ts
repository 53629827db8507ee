import { createMemoryStore } from "../../src/store/memory.ts";
import { auditContract } from "../contracts/audit.ts";
import { detectionContract } from "../contracts/detection.ts";
import { digestsContract } from "../contracts/digests.ts";
import { incidentsContract } from "../contracts/incidents.ts";
import { proposalsContract } from "../contracts/proposals.ts";
import { runsContract } from "../contracts/runs.ts";
import { shelfContract } from "../contracts/shelf.ts";
import { RETENTION, storeContract } from "../contracts/store.ts";

storeContract("the memory store", (retention) => createMemoryStore({ retention }));
proposalsContract("the memory store", () => createMemoryStore({ retention: RETENTION }));
auditContract("the memory store", (settings) => createMemoryStore({ retention: RETENTION, ...settings }));
incidentsContract("the memory store", (retention) => createMemoryStore({ retention }));
shelfContract("the memory store", (retention) => createMemoryStore({ retention }));
detectionContract("the memory store", (retention) => createMemoryStore({ retention }));
runsContract("the memory store", (retention) => createMemoryStore({ retention }));
digestsContract("the memory store", (retention) => createMemoryStore({ retention }));

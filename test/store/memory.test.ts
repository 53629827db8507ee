import { createMemoryStore } from "../../src/store/memory.ts";
import { storeContract } from "../contracts/store.ts";

storeContract("the memory store", (retention) => createMemoryStore({ retention }));

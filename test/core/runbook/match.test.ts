import { describe, expect, it } from "vitest";
import { fitsAlert } from "../../../src/core/runbook/match.ts";

describe("names of alerts", () => {
  it.each([
    ["KubePodCrashLooping", "KubePodCrashLooping", true],
    ["KubePodCrashLooping", "KubePodCrashLoopings", false],
    ["Kube*", "KubePodNotReady", true],
    ["Kube*", "kube", false],
    ["*CertExpir*", "SSLCertExpiringSoon", true],
    ["*CertExpir*", "CertExpir", true],
    ["*a*b", "xaxxb", true],
    ["*a*b", "xbxxa", false],
    ["ab*ba", "aba", false],
  ])("%s fits %s: %s", (pattern, name, wanted) => {
    expect(fitsAlert(pattern, name)).toBe(wanted);
  });
});

import { describe, expect, it } from "vitest";
import { fitsGlob } from "../../src/util/glob.ts";

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
    expect(fitsGlob(pattern, name)).toBe(wanted);
  });
});

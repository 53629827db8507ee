/** What `build` gives, built when it is first asked for and kept. What throws is built again by the next call. */
export function once<T>(build: () => T): () => T {
  let built: { readonly value: T } | undefined;
  return () => {
    built ??= { value: build() };
    return built.value;
  };
}

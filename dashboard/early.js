// Asks for the numbers while the rest of the page is still on its way: the key is in the fragment, so no markup can ask.
// The script's own `data-document` is the address of the document, with KEY in the key's place.

globalThis.early = (({ document: address }) => {
  const keyOf = () => location.hash.slice(1).match(/^[\w-]{1,128}(?=\/|$)/)?.[0] ?? "";
  const pathOf = (key) => address.replace("KEY", key);
  const key = keyOf();
  const paths = key ? [pathOf(key), "v1/status.json"] : [];
  const asked = new Map(paths.map((path) => [path, fetch(path).catch(() => null)]));
  /** The answer to what was asked early, once; null in it where the line is away. */
  const take = (path) => {
    const answer = asked.get(path);
    asked.delete(path);
    return answer;
  };
  return { keyOf, pathOf, take };
})(document.currentScript.dataset);

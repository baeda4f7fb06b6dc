// Puts Cornerstone3D into one file that runs under our policy: no eval, no worker, no WebAssembly is reached from the
// tools we use. refetch.sh calls it in a folder where the packages are installed: node bundle.mjs out.js
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const { build } = createRequire(join(process.cwd(), "package.json"))("esbuild");
// Parts of Node that the libraries mention and a browser never reaches.
const empty = join(process.cwd(), "empty.js");
writeFileSync(empty, "export class EventEmitter {}\nexport default {};\n");
const alias = Object.fromEntries(["zlib", "crypto", "events", "url", "fs", "path"].map((name) => [name, empty]));

/** The libraries call themselves side-effect free only in part; what is not used may go. */
const lean = {
  name: "lean",
  setup(bundle) {
    bundle.onResolve({ filter: /.*/ }, async (asked) => {
      if (asked.pluginData === "seen") return undefined;
      const found = await bundle.resolve(asked.path, { kind: asked.kind, importer: asked.importer, resolveDir: asked.resolveDir, pluginData: "seen" });
      if (found.errors.length || !found.path.startsWith("/")) return undefined;
      return /node_modules\/(@cornerstonejs|@kitware)/.test(found.path) ? { ...found, sideEffects: false } : found;
    });
    // Our policy knows no style attribute; the same words through the style object are allowed.
    bundle.onLoad({ filter: /@cornerstonejs[/\\].*\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const contents = source.replace(/(\w+)\.setAttribute\('style', (\w+)\)/g, "$1.style.cssText = $2").replace(/\n\s*style: dropShadowStyle,/, "");
      return contents === source ? undefined : { contents, loader: "js" };
    });
  },
};

await build({
  entryPoints: ["cornerstone.entry.mjs"], outfile: process.argv[2], bundle: true, minify: true, format: "esm", target: "es2022",
  legalComments: "none", plugins: [lean], alias, logLevel: "warning",
  banner: { js: "/* Cornerstone3D, vtk.js, gl-matrix, dicom-parser and what they need: see ../licences/cornerstone.txt */" },
});

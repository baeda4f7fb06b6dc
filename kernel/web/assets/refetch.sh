#!/bin/sh
# Fetches again what we keep from other people, by name and version, from npm, and rebuilds what is derived from it:
# the trimmed Tabler sheet, the icon sprite and the digits-only font. Needs npm and python3 with fonttools and brotli
# (pip install fonttools brotli). Nothing here runs when Yba is built: the results are committed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fetch() { # name@version folder
    (cd "$work" && tarball=$(npm pack --silent "$1") && mkdir -p "$2" && tar -xzf "$tarball" -C "$2" --strip-components=1)
}
fetch @tabler/core@1.6.1 tabler
fetch @tabler/icons@3.52.0 icons
fetch @fontsource/be-vietnam-pro@5.3.0 letters
fetch @fontsource/inter@5.3.0 digits
fetch htmx.org@4.0.1 htmx
fetch jsqr@1.4.0 jsqr

mkdir -p "$here/vendor" "$here/fonts" "$here/licences"
cp "$work/htmx/dist/htmx.min.js" "$here/vendor/htmx.min.js"
cp "$work/jsqr/dist/jsQR.js" "$here/vendor/jsqr.js"
# A source map that we do not ship would be asked for by every open developer console.
sed -i '/^\/\/# sourceMappingURL=/d' "$here/vendor/htmx.min.js" "$here/vendor/jsqr.js"
for weight in 400 500 600 700 800; do
    for script in latin vietnamese; do
        cp "$work/letters/files/be-vietnam-pro-$script-$weight-normal.woff2" "$here/fonts/letters-$script-$weight.woff2"
    done
    # Ten glyphs with equal width: money columns stand still.
    pyftsubset "$work/digits/files/inter-latin-$weight-normal.woff2" --unicodes=U+30-39 \
        --layout-features=tnum --flavor=woff2 --output-file="$here/fonts/digits-$weight.woff2"
done
# The picture viewer, on its own page only: Cornerstone3D with what it needs, in one file.
mkdir "$work/viewer"
cp "$here/viewer/bundle.mjs" "$here/viewer/cornerstone.entry.mjs" "$work/viewer/"
(cd "$work/viewer" && npm init -y >/dev/null &&
    npm install --silent --ignore-scripts @cornerstonejs/core@4.22.13 @cornerstonejs/tools@4.22.13 dicom-parser@1.8.21 esbuild@0.28.2 &&
    node node_modules/esbuild/install.js && node bundle.mjs "$here/vendor/cornerstone.js" &&
    for package in @cornerstonejs/core @kitware/vtk.js dicom-parser gl-matrix comlink lodash.get spark-md5 seedrandom loglevel globalthis; do
        echo "== $package =="
        cat "node_modules/$package"/LICENSE* 2>/dev/null || node -p "require('./node_modules/$package/package.json').license"
    done >"$here/licences/cornerstone.txt")
cp "$work/htmx/LICENSE" "$here/licences/htmx.txt"
cp "$work/icons/LICENSE" "$here/licences/tabler-icons.txt"
cp "$work/letters/LICENSE" "$here/licences/be-vietnam-pro.txt"
cp "$work/digits/LICENSE" "$here/licences/inter.txt"
cp "$work/jsqr/LICENSE" "$here/licences/jsqr.txt"
# Tabler ships no licence file; licences/tabler.txt repeats what its sheets say.
python3 "$here/derive.py" "$work/tabler/dist/css/tabler.min.css" "$work/icons/icons"

#!/bin/sh
# Fetches the fonts of the papers from npm and cuts them to what papers need. Run it only to renew the files
# beside it; needs npm and Python with fonttools. All families are under the SIL Open Font License 1.1.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent @expo-google-fonts/be-vietnam-pro@0.4.1 @expo-google-fonts/inter@0.4.2 @expo-google-fonts/tinos@0.4.2 >/dev/null
mkdir be inter tinos
tar xzf expo-google-fonts-be-vietnam-pro-*.tgz -C be
tar xzf expo-google-fonts-inter-*.tgz -C inter
tar xzf expo-google-fonts-tinos-*.tgz -C tinos

# Be Vietnam Pro carries the text: every stacked Vietnamese mark is drawn, not assembled.
for cut in 400Regular 400Regular_Italic 600SemiBold 700Bold; do
  cp "be/package/$cut/BeVietnamPro_$cut.ttf" "$here/BeVietnamPro-$cut.ttf"
done
cp be/package/LICENSE_FONT "$here/BeVietnamPro-LICENSE.txt"

# Its figures are not of one width, so money columns would dance: Inter gives the figures, and the few signs
# that Be Vietnam Pro lacks (Greek, Cyrillic, arrows, boxes).
symbols='U+0020-007E,U+00A0-00FF,U+0370-03FF,U+0400-045F,U+2010-2044,U+2070-209F,U+20AB,U+2100-214F,U+2150-218F,U+2190-21FF,U+2200-22FF,U+2460-24FF,U+25A0-25FF'
for cut in 400Regular 600SemiBold 700Bold; do
  pyftsubset "inter/package/$cut/Inter_$cut.ttf" --unicodes="$symbols" --layout-features=tnum,kern,mark,mkmk \
    --no-hinting --output-file="$here/Inter-$cut.ttf"
done
pyftsubset inter/package/400Regular_Italic/Inter_400Regular_Italic.ttf --unicodes='U+0020,U+0030-0039,U+2212' \
  --layout-features=tnum,kern --no-hinting --output-file="$here/Inter-400Regular_Italic.ttf"
cp inter/package/LICENSE_FONT "$here/Inter-LICENSE.txt"

# Record forms are set in Tinos, which has the measures of the face that official papers are written in.
letters='U+0020-007E,U+00A0-024F,U+0300-0323,U+0370-03FF,U+1EA0-1EF9,U+2010-2044,U+2070-209F,U+20AB,U+2100-214F,U+2150-218F,U+2190-21FF,U+2200-22FF,U+25A0-25FF'
for cut in 400Regular 400Regular_Italic 700Bold 700Bold_Italic; do
  pyftsubset "tinos/package/$cut/Tinos_$cut.ttf" --unicodes="$letters" --layout-features=kern,mark,mkmk,ccmp,liga \
    --no-hinting --output-file="$here/Tinos-$cut.ttf"
done
cp tinos/package/LICENSE_FONT "$here/Tinos-LICENSE.txt"

"""Derives two files from what refetch.sh fetched: vendor/tabler.css (without the parts no screen of ours uses, inside
a cascade layer so that app.css always wins) and icons.svg (a sprite of the icons named in icons.txt, and our mark)."""
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
# Families of Tabler that a calm clinic screen has no place for. A rule goes when all of its selectors name one of them.
UNUSED = re.compile(
    r"\.(carousel|offcanvas|accordion|popover|toast|placeholder|progress-bar-(striped|animated)|star|"
    r"nav-(segmented|bordered)|navbar|breadcrumb|steps?|ribbon|tracking|timeline|chat|signature|stamp|"
    r"payment|flag|social|hr-text|loader|loading|jvm|ts-|tom-select|apexcharts|fslightbox|plyr|tox|dropzone|fc-|"
    r"litepicker|noUi|hljs|highlight|divide-|img-responsive|ratio|avatar-(upload|cover|rounded)|"
    r"(?:[a-z-]*-)?(facebook|twitter|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|"
    r"flickr|bitbucket|tabler|x)(?:-lt|-fg)?\b|"
    r"(?:bg|text|border|link|btn|badge|status|alert|card-status|form-colorinput|avatar-list|datagrid)-?"
    r"(?:outline-|ghost-)?(azure|indigo|purple|pink|orange|lime|teal|cyan|blue|yellow|red|green|gray-\d+)\b|"
    r"(?:m|p)[xytbse]?-(?:sm|md|lg|xl|xxl)-|[a-z]+-(?:xl|xxl)-|"
    r"(?:cursor|object-fit|rotate|opacity|w-px|h-px|space-[xy]|columns|vr|focus-ring|link-(?:offset|opacity|underline))[-\w]*)"
)
# Tabler names colours with custom properties; only these families are ours to keep.
UNUSED_VARIABLE = re.compile(
    r"--tblr-(?:facebook|twitter|linkedin|google|youtube|vimeo|dribbble|github|instagram|pinterest|vk|rss|flickr|"
    r"bitbucket|tabler|x|gray-\d+|spacer-\d+-?|theme-[\w-]+)(?:-[\w]+)*:[^;{}]+;?"
)


def rules(css: str):
    """Splits a sheet into (head, body) pairs of its top level; body is None for statements without a block."""
    depth = start = 0
    head = ""
    quote = ""
    i = 0
    while i < len(css):
        c = css[i]
        if quote:
            if c == "\\":
                i += 1
            elif c == quote:
                quote = ""
        elif c in "\"'":
            quote = c
        elif c == "{":
            if depth == 0:
                head, start = css[start:i], i + 1
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                yield head.strip(), css[start:i]
                start = i + 1
        elif c == ";" and depth == 0:
            yield css[start : i + 1].strip(), None
            start = i + 1
        i += 1


def split_selectors(head: str):
    """Splits at the commas that are outside brackets."""
    depth, piece, out = 0, "", []
    for c in head:
        depth += c in "([" or 0
        depth -= c in ")]" or 0
        if c == "," and depth == 0:
            out.append(piece)
            piece = ""
        else:
            piece += c
    return [*out, piece]


def trim(css: str) -> str:
    out = []
    for head, body in rules(css):
        if body is None:
            if not head.startswith("@charset"):
                out.append(head)
        elif head.startswith("@media print") or head.startswith("@font-face"):
            continue
        elif head.startswith(("@media", "@supports")):
            inner = trim(body)
            if inner:
                out.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            out.append(f"{head}{{{body}}}")
        else:
            kept = [s for s in split_selectors(head) if not UNUSED.search(s)]
            if kept:
                out.append(f"{','.join(kept)}{{{body}}}")
    return "".join(out)


def sheet(source: Path) -> str:
    css = re.sub(r"/\*.*?\*/", "", source.read_text(encoding="utf-8"), flags=re.S)
    return f"/* Tabler 1.6.1, MIT, trimmed by derive.py. */\n@layer tabler{{{trim(css)}}}\n"


MARK = (
    '<symbol id="mark" viewBox="0 0 40 40"><path d="M3 5 18 12.7v13L3 18z" fill="var(--mark-left,#fff)" stroke="none"/>'
    '<path d="M37 5 22 12.7v13L37 18z" fill="var(--mark-right,#6fd0db)" stroke="none"/>'
    '<path d="M18 28h4v6a2 2 0 0 1-4 0z" fill="var(--mark-left,#fff)" stroke="none"/></symbol>'
)


def sprite(folder: Path) -> str:
    symbols = [MARK]
    for name in sorted(set((HERE / "icons.txt").read_text().split())):
        style, file = ("filled", name[:-7]) if name.endswith("-filled") else ("outline", name)
        svg = (folder / style / f"{file}.svg").read_text()
        shapes = re.sub(r"\s*\n\s*", "", "".join(re.findall(r"<(?:path|circle|rect|line|polyline)\b[^>]*/>", svg)))
        shapes = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>', "", shapes).replace(" />", "/>")
        paint = ' fill="currentColor" stroke="none"' if style == "filled" else ""
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24"{paint}>{shapes}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


if __name__ == "__main__":
    (HERE / "vendor/tabler.css").write_text(sheet(Path(sys.argv[1])), encoding="utf-8")
    (HERE / "icons.svg").write_text(sprite(Path(sys.argv[2])), encoding="utf-8")

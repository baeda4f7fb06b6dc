// The small behaviours of every page. Each module minds one thing and finds its elements by data attributes.
import "./page.js";
import "./keys.js";
import "./enter.js";
import "./once.js";
import "./typeahead.js";
import "./scan.js";
import "./quicktext.js";
import "./autosave.js";
import "./rows.js";
import "./undo.js";
import "./live.js";
import "./net.js";
import "./palette.js";
import "./print.js";

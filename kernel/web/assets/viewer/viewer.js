// Looking closely at the stills of a study: zoom, move, window and level, measure. The picture is the DICOM object
// itself, unpacked by the browser; Cornerstone3D draws it and keeps the measurements.
import { Enums, LengthTool, PanTool, RenderingEngine, StackScrollTool, ToolEnums, ToolGroupManager, WindowLevelTool, ZoomTool, addTool, annotation, imageLoader, init, initTools, metaData, parseDicom, readEncapsulatedPixelDataFromFragments, setUseCPURendering, utilities } from "../vendor/cornerstone.js";
import { say } from "../words.js";
import { toast } from "../undo.js";

const box = document.querySelector("#viewer");
const study = box.dataset.study;
const frames = [...box.querySelectorAll("[data-frame]")];
const said = box.querySelector("[data-viewer-state]");
const idOf = (number) => `still:${number}`;
const facts = new Map();
/** How many millimetres one pixel is; 1 until somebody has measured a known length. */
let scale = Number(sessionStorage.getItem(`yba:scale:${study}`)) || 0;

// ── From the DICOM object to pixels ────────────────────────────────────────────────────────────────────────────────

async function load(imageId) {
  const number = imageId.split(":")[1];
  const answer = await fetch(`/app/imaging/studies/${study}/dicom/${number}`);
  if (!answer.ok) throw new Error(String(answer.status));
  const data = parseDicom(new Uint8Array(await answer.arrayBuffer()));
  const pixels = data.elements.x7fe00010;
  const jpeg = readEncapsulatedPixelDataFromFragments(data, pixels, 0, pixels.fragments.length);
  const picture = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0);
  const rgba = pen.getImageData(0, 0, picture.width, picture.height).data;
  const rgb = new Uint8Array(picture.width * picture.height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from];
    rgb[to++] = rgba[from + 1];
    rgb[to++] = rgba[from + 2];
  }
  const { width, height } = picture;
  facts.set(imageId, { width, height, modality: data.string("x00080060") ?? "OT", study: data.string("x0020000d"), series: data.string("x0020000e") });
  return {
    imageId, width, height, rows: height, columns: width, color: true, rgba: false, numberOfComponents: 3, minPixelValue: 0, maxPixelValue: 255,
    slope: 1, intercept: 0, windowCenter: 128, windowWidth: 256, voiLUTFunction: "LINEAR", invert: false, photometricInterpretation: "RGB",
    columnPixelSpacing: scale || 1, rowPixelSpacing: scale || 1, sizeInBytes: rgb.length, dataType: "Uint8Array", getPixelData: () => rgb, getCanvas: () => canvas,
    voxelManager: utilities.VoxelManager.createImageVoxelManager({ width, height, scalarData: rgb, numberOfComponents: 3 }),
  };
}

function describe(kind, imageId) {
  const fact = facts.get(imageId);
  if (!fact) return undefined;
  const spacing = scale || 1;
  switch (kind) {
    case "imagePixelModule":
      return { pixelRepresentation: 0, bitsAllocated: 8, bitsStored: 8, highBit: 7, photometricInterpretation: "RGB", samplesPerPixel: 3, rows: fact.height, columns: fact.width };
    case "imagePlaneModule":
      return { frameOfReferenceUID: imageId, rows: fact.height, columns: fact.width, rowCosines: [1, 0, 0], columnCosines: [0, 1, 0], imageOrientationPatient: [1, 0, 0, 0, 1, 0], imagePositionPatient: [0, 0, 0], columnPixelSpacing: spacing, rowPixelSpacing: spacing, usingDefaultValues: !scale };
    case "generalSeriesModule":
      return { modality: fact.modality, seriesInstanceUID: fact.series, studyInstanceUID: fact.study };
    case "voiLutModule":
      return { windowCenter: [128], windowWidth: [256] };
    default:
      return undefined;
  }
}

// ── The desk ───────────────────────────────────────────────────────────────────────────────────────────────────────

const TOOLS = { WindowLevel: WindowLevelTool, Zoom: ZoomTool, Pan: PanTool, Length: LengthTool };
const { MouseBindings } = ToolEnums;
let viewport;
let group;

function choose(name) {
  for (const other of Object.values(TOOLS)) group.setToolPassive(other.toolName);
  // The wheel zooms and the middle button moves, whichever tool is in hand.
  group.setToolActive(ZoomTool.toolName, { bindings: [{ mouseButton: MouseBindings.Wheel }, { mouseButton: MouseBindings.Secondary }, ...(name === "Zoom" ? [{ mouseButton: MouseBindings.Primary }] : [])] });
  group.setToolActive(PanTool.toolName, { bindings: [{ mouseButton: MouseBindings.Auxiliary }, ...(name === "Pan" ? [{ mouseButton: MouseBindings.Primary }] : [])] });
  if (name === "WindowLevel" || name === "Length") group.setToolActive(TOOLS[name].toolName, { bindings: [{ mouseButton: MouseBindings.Primary }] });
  box.querySelectorAll("[data-tool]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.tool === name)));
}

async function show(number) {
  frames.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.frame === String(number))));
  said.textContent = say("Đang mở hình…");
  try {
    await viewport.setStack([idOf(number)]);
    viewport.render();
    box.dataset.shown = String(number);
    said.textContent = scale ? say("1 điểm ảnh = {} mm", scale.toFixed(3).replace(".", ",")) : say("Chưa có thước: số đo tính bằng điểm ảnh");
  } catch {
    said.textContent = say("Chưa mở được hình. Kiểm tra mạng rồi bấm lại hình.");
  }
}

const lengths = () => (annotation.state.getAllAnnotations?.() ?? []).filter((one) => one.metadata.toolName === LengthTool.toolName);

/** Takes the last measured line as so many millimetres; all lines are measured by it from then on. */
function calibrate() {
  const field = box.querySelector("#scale-mm");
  const mm = Number(field.value.replace(",", "."));
  const line = lengths().at(-1);
  if (!line) return toast({ text: say("Đo một đoạn đã biết trước (thước trên hình), rồi gõ số mm."), bad: true });
  if (!(mm > 0 && mm < 1000)) return toast({ text: say("Gõ chiều dài của đoạn vừa đo, ví dụ 50."), bad: true });
  const [a, b] = line.data.handles.points;
  const pixels = Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) / (scale || 1);
  scale = mm / pixels;
  sessionStorage.setItem(`yba:scale:${study}`, String(scale));
  annotation.state.removeAllAnnotations();
  // The pictures are placed anew with their true size.
  location.reload();
}

async function start() {
  setUseCPURendering(true);
  await init();
  initTools();
  imageLoader.registerImageLoader("still", (imageId) => ({ promise: load(imageId) }));
  metaData.addProvider(describe, 10_000);
  const engine = new RenderingEngine("yba");
  const element = document.querySelector("#viewport");
  element.addEventListener("contextmenu", (event) => event.preventDefault());
  engine.enableElement({ viewportId: "still", type: Enums.ViewportType.STACK, element });
  viewport = engine.getViewport("still");
  [...Object.values(TOOLS), StackScrollTool].forEach((tool) => addTool(tool));
  group = ToolGroupManager.createToolGroup("yba");
  Object.values(TOOLS).forEach((tool) => group.addTool(tool.toolName));
  group.addViewport("still", "yba");
  choose("WindowLevel");
  new ResizeObserver(() => engine.resize(true, true)).observe(element);
  box.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-tool]");
    const frame = event.target.closest("[data-frame]");
    if (tool) choose(tool.dataset.tool);
    if (frame) show(frame.dataset.frame);
    if (event.target.closest("[data-calibrate]")) calibrate();
    if (event.target.closest("[data-reset]")) {
      annotation.state.removeAllAnnotations();
      viewport.resetCamera();
      viewport.resetProperties();
      viewport.render();
    }
  });
  await show(1);
}

start();

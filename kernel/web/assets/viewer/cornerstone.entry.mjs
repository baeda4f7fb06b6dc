// What the viewer needs of Cornerstone3D and dicom-parser, and nothing else; bundle.mjs leaves out what is not named here.
export { RenderingEngine, Enums, imageLoader, init, metaData, setUseCPURendering, utilities } from "@cornerstonejs/core";
export { Enums as ToolEnums, LengthTool, PanTool, StackScrollTool, ToolGroupManager, WindowLevelTool, ZoomTool, addTool, annotation, init as initTools } from "@cornerstonejs/tools";
export { parseDicom, readEncapsulatedPixelDataFromFragments } from "dicom-parser";

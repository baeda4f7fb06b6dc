// The few sentences that scripts say themselves, in the language of the page.
const ENGLISH = {
  "Đã lưu vừa xong": "Saved just now",
  "Đang lưu…": "Saving…",
  "Giữ ở máy này {} mục": "Kept on this computer: {}",
  "Chưa lưu được, thử lại": "Not saved, try again",
  "Có người vừa sửa": "Someone else changed this",
  "Trực tuyến": "Online",
  "Mất mạng từ {}": "Offline since {}",
  "Máy chủ không trả lời từ {}": "Server not answering since {}",
  "Hoàn tác": "Undo",
  "{} giây": "{} s",
  "Đã hoàn tác": "Undone",
  "Chưa hoàn tác được. Hãy thử lại.": "Could not undo. Please try again.",
  "Không có kết quả cho “{}”": "Nothing found for “{}”",
  "Chưa tìm được, kiểm tra mạng rồi gõ tiếp": "Search failed; check the network and keep typing",
  "chọn": "choose", "nhận": "take", "đóng": "close", "làm": "do",
  "Mọi phím tắt": "All keys",
  "Trên màn hình này": "On this screen",
  "Ở mọi màn hình": "On every screen",
  "Khi gõ tìm": "While searching",
  "Gõ tên người bệnh, màn hình hoặc việc cần làm": "Type a patient, a screen or a task",
  "Người bệnh": "Patients",
  "Việc trên màn hình này": "Tasks on this screen",
  "Màn hình": "Screens",
  "Đã chép": "Copied",
  "Chưa gửi được: máy chủ không trả lời. Nội dung vẫn còn trên màn hình.": "Not sent: the server does not answer. Your text is still on the screen.",
  "Đã lấy lại phần đang gõ lúc {}": "Restored what was being typed at {}",
  "Bỏ phần đó": "Discard it",
  "Hai người cùng sửa": "Two people edited this",
  "Của tôi": "Mine",
  "Của {} lúc {}": "By {} at {}",
  "Giữ của tôi": "Keep mine", "Lấy của người kia": "Take theirs", "Ghép cả hai": "Join both", "Lưu lựa chọn": "Save the choice",
  "người khác": "someone else",
  "Đủ các mục bắt buộc": "All required sections are complete",
  "Đang đọc mã…": "Reading the code…",
  "Không đọc được mã này. Quét lại hoặc gõ tay.": "This code cannot be read. Scan again or type it.",
  "Đưa mã QR vào khung": "Hold the QR code in the frame",
  "Không mở được máy ảnh. Cho phép dùng máy ảnh trong trình duyệt rồi thử lại.": "The camera did not open. Allow it in the browser and try again.",
  "Đóng": "Close",
  "Đang in…": "Printing…", "Máy in sẵn sàng": "Printer ready",
  "Chưa lấy được giấy để in. Hãy thử lại.": "The paper could not be fetched. Please try again.",
  "Đang làm…": "Working…",
  "Phiên làm việc đã hết. Đăng nhập lại ở thẻ mới, nội dung ở đây vẫn còn.": "Your session has ended. Sign in in a new tab; this page keeps your text.",
  "Còn việc phải làm trước": "Something must be done first",
  "Mở danh sách": "Open the list",
  "{} phút": "{} min", "vừa xong": "just now", "{} giờ {}": "{} h {}",
  "Tab tới ô kế": "Tab goes to the next place",
  "Sốt": "Fever", "Sốt nguy hiểm": "Dangerous fever", "Hạ thân nhiệt": "Hypothermia", "Nhanh": "Fast", "Rất nhanh": "Very fast", "Chậm": "Slow", "Rất chậm": "Very slow", "Thấp": "Low", "Cao": "High", "Rất cao": "Very high", "Rất thấp": "Very low",
  "Bật tiếng gọi": "Turn the voice on",
  "Ổ đĩa của máy này đầy: hình chỉ giữ tới khi đóng trang. Đừng đóng trang trước khi gửi xong.": "The disk of this computer is full: pictures last only until the page is closed. Do not close it before they are sent.",
  "Máy chủ không nhận hình này.": "The server did not take this picture.",
  "Đang mở nguồn hình…": "Opening the picture source…",
  "Giữ {} hình ở máy này, đang chờ mạng": "Kept on this computer: {}, waiting for the line",
  "Đang gửi {} hình": "Sending {}",
  "đang gửi": "sending",
  "không nhận": "refused",
  "Hình lúc {}": "Picture at {}",
  "Chưa xóa được hình. Thử lại khi hình đã gửi xong.": "Not deleted. Try again when the picture has been sent.",
  "Trình duyệt đang chặn nguồn hình": "The browser blocks the picture source",
  "Hình đã chụp và chữ đã gõ vẫn còn.": "Pictures taken and words typed are still there.",
  "Không thấy thiết bị lấy hình": "No capture device found",
  "Thiết bị đang được chương trình khác dùng": "Another program is using the device",
  "Trực tiếp": "Live",
  "Nguồn hình {}": "Source {}",
  "Chưa có hình để chụp. Kiểm tra nguồn hình.": "No picture to take. Check the source.",
  "Chưa có hình để quay. Kiểm tra nguồn hình.": "No picture to record. Check the source.",
  "Trình duyệt này không quay được. Dùng Chrome hoặc Edge.": "This browser cannot record. Use Chrome or Edge.",
  "{} không phải hình. Chọn tệp JPEG, PNG hoặc đoạn phim WebM.": "{} is no picture. Choose a JPEG, a PNG or a WebM clip.",
  "{} quá lớn, trình duyệt không mở được. Giảm kích thước rồi chọn lại.": "{} is too large for the browser. Make it smaller and choose it again.",
  "Giữ bàn đạp như cũ": "The pedal stays as it was",
  "Bàn đạp: {}": "Pedal: {}",
  "Đạp bàn đạp, hoặc bấm phím muốn dùng. Esc: thôi.": "Press the pedal or the key to use. Esc: leave it.",
  "Bình thường": "Normal",
  "Bất thường": "Abnormal",
  "Nhiều nhất {} hình một kết quả. Bỏ bớt một hình trước.": "At most {} pictures in a report. Take one out first.",
  "{} vừa ký kết quả này lúc {}. Tải lại trang để xem.": "{} signed this report at {}. Reload to see it.",
  "{} đang viết kết quả này (lưu lúc {}).": "{} is writing this report (saved at {}).",
  "Đang mở hình…": "Opening…",
  "1 điểm ảnh = {} mm": "1 pixel = {} mm",
  "Chưa có thước: số đo tính bằng điểm ảnh": "No scale yet: measured in pixels",
  "Chưa mở được hình. Kiểm tra mạng rồi bấm lại hình.": "The picture did not open. Check the line and click it again.",
  "Đo một đoạn đã biết trước (thước trên hình), rồi gõ số mm.": "Measure a known length (the ruler in the picture), then type its mm.",
  "Gõ chiều dài của đoạn vừa đo, ví dụ 50.": "Type the length of the line, e.g. 50.",
};

/** The sentence in the page's language, `{}` filled in order. */
export function say(sentence, ...values) {
  const text = document.documentElement.lang === "en" ? ENGLISH[sentence] ?? sentence : sentence;
  return values.reduce((out, value) => out.replace("{}", value), text);
}

/** Lower case without Vietnamese marks, đ → d, as the server folds for search. */
export function fold(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D").toLowerCase();
}

/** `09:41` now or of a given time. */
export function clock(time = new Date()) {
  return new Date(time).toLocaleTimeString("vi-VN", { hour: "2-digit", minute: "2-digit", hour12: false });
}

/** A new element: `make("b", { class: "x" }, "text", child)`. Text is always text, never markup. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

const SPRITE = new URL("icons.svg", import.meta.url).pathname;

/** An icon of the sprite. */
export function icon(name, size = "") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `i ${size}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** A chord as key caps. */
export function caps(chord) {
  return make("span", { class: "keys" }, ...chord.split("+").map((part) => make("kbd", {}, part)));
}

/** The headers that prove to our server that a page of ours is asking. */
export function proof() {
  return { "X-CSRF-Token": document.querySelector('meta[name="csrf"]')?.content ?? "", "HX-Request": "true" };
}

/** Whether keys typed now belong to a text. */
export function isTyping(element = document.activeElement) {
  if (!element) return false;
  if (element.isContentEditable || element.matches("textarea, select")) return true;
  return element.matches("input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit])");
}

/** Whether a person can see and use it. */
export function isShown(element) {
  return element.isConnected && element.getClientRects().length > 0 && getComputedStyle(element).visibility !== "hidden";
}

// A laboratory's morning: three people's tubes from the desk to the doctor's inbox, typed without a mouse.
import { expect, test } from "@playwright/test";
import { picture, signIn } from "../world.js";

test.describe.configure({ mode: "serial" });

const PEOPLE = [["Cao Văn Bảy", "02/02/1950", "male"], ["Lâm Thị Mỹ Linh", "08/08/1974", "female"], ["Sơn Minh Thắng", "11/11/1965", "male"]];
const visits = [];

/** The clinic's own program at the door registers, opens the visit and orders. */
async function arrive(request) {
  const answer = await request.post("/oauth/token", { form: { grant_type: "client_credentials", client_id: "demo-his", client_secret: "demo-secret" } });
  const { access_token: token } = await answer.json();
  const call = async (method, path, data) => {
    const reply = await request[method](path, { headers: { authorization: `Bearer ${token}` }, data });
    expect(reply.ok(), `${path}: ${await reply.text()}`).toBe(true);
    return reply.json();
  };
  const service = async (words) => (await call("get", `/api/v1/services?q=${encodeURIComponent(words)}&kind=lab`))[0].id;
  const lines = [];
  for (const words of ["dien giai do", "glucose mau", "creatinin", "crp"]) lines.push({ service_id: await service(words) });
  return { call, lines };
}

test("the desk takes one tube of a kind and prints its label", async ({ browser, request }) => {
  const { call, lines } = await arrive(request);
  const doctor = await signIn(browser, "bacsi.84101");
  await doctor.goto("/app/room");
  const room = await doctor.getByRole("button", { name: "Nội 1" }).getAttribute("value");
  for (const [name, birth, sex] of PEOPLE) {
    const person = await call("post", "/api/v1/patients", { name, birth, sex });
    const visit = await call("post", "/api/v1/encounters", { patient_id: person.id, room_id: room, reason: "Mệt, yếu cơ" });
    visits.push(visit.id);
    // The doctor orders, so that the doctor's inbox gets the answer.
    await doctor.goto(`/app/encounters/${visit.id}?tab=3`);
    for (const words of ["dien giai do", "glucose", "creatinin", "crp"]) {
      await doctor.locator("#order-find").fill(words);
      await doctor.locator(".suggest-box [role=option]").first().waitFor();
      await doctor.locator("#order-find").press("Enter");
      await expect(doctor.locator("#order-find")).toHaveValue("");
    }
    await expect(doctor.locator("#orders tbody tr")).toHaveCount(lines.length);
    await doctor.locator("#order-place button.btn-primary, #order-send button.btn-primary").first().click();
    await expect(doctor.locator("#orders")).toContainText("Chờ làm");
  }
  await doctor.context().close();
  const lab = await signIn(browser, "xetnghiem.84101");
  await lab.goto("/app/lab");
  await picture(lab, "50-lay-mau");
  for (const id of visits) {
    await lab.goto("/app/lab");
    await lab.locator(`#collect-${id}`).getByRole("button", { name: "Lấy mẫu" }).click();
    await lab.waitForURL(`**/app/lab/encounters/${id}`);
    await expect(lab.locator("tbody tr")).toHaveCount(1);
  }
  await picture(lab, "51-ong-mau-va-tem");
  const label = await lab.request.get(`/app/lab/encounters/${visits[0]}/labels`);
  expect((await label.body()).subarray(0, 5).toString()).toBe("%PDF-");
  await lab.context().close();
});

test("tubes are received by the reader and typed down the column", async ({ browser }) => {
  const lab = await signIn(browser, "xetnghiem.84101");
  await lab.goto("/app/lab/reception");
  await picture(lab, "52-nhan-mau");
  const codes = await lab.locator("#lab-reception td.no").allTextContents();
  expect(codes.length).toBeGreaterThanOrEqual(3);
  for (const code of codes) {
    await lab.keyboard.press("F5");
    await lab.locator("#f-code").fill(code.trim());
    await lab.locator("#f-code").press("Enter");
    await lab.waitForURL(`**received=${code.trim()}`);
  }
  await lab.goto("/app/lab/bench/SINHHOA");
  const column = (code) => lab.locator(`input[data-column="${code}"]`);
  const down = async (code, values) => {
    await column(code).first().focus();
    for (const value of values) {
      await lab.keyboard.type(value);
      await lab.keyboard.press("Enter");
    }
  };
  await down("K", ["6,8", "3.9", "41"]);
  await expect(lab.locator("td.has-problem .problem")).toContainText("không thể có thật");
  await column("K").nth(2).fill("4,1");
  await down("NA", ["138", "140", "141"]);
  await down("CL", ["101", "102", "100"]);
  await down("GLU", ["7,9", "5,4", "5,0"]);
  await down("CREA", ["150", "70", "92"]);
  await down("CRP", ["18", "2,2", "<1"]);
  await column("CRP").nth(2).blur();
  await expect(column("EGFR").first()).not.toHaveValue("");
  await expect(lab.locator("td.has-problem")).toHaveCount(0);
  await expect(column("CRP").nth(2)).toHaveValue("< 1,0");
  await picture(lab, "53-ban-xet-nghiem");
  await lab.keyboard.press("F8");
  await lab.waitForURL("**done=3");
  await lab.context().close();
});

test("the critical value is called, the bench is released, the doctor reads", async ({ browser }) => {
  const head = await signIn(browser, "xetnghiem2.84101");
  await head.goto("/app/lab/validation");
  await expect(head.locator(".lab-card")).toHaveCount(3);
  await picture(head, "54-duyet-tra");
  await head.getByRole("link", { name: "Gọi bác sĩ rồi ghi cuộc gọi" }).click();
  await head.getByText("Ghi cuộc gọi").first().click();
  await head.locator("#f-told").fill("BS. Lê Hoàng Phúc");
  await head.getByLabel("Đã nghe đọc lại").check();
  await head.getByRole("button", { name: "Ghi cuộc gọi" }).click();
  await expect(head.locator("main")).toContainText("đã nghe đọc lại");
  await picture(head, "55-mau-va-cuoc-goi");
  await head.goto("/app/lab/validation");
  await head.keyboard.press("F8");
  await head.waitForURL("**done=3");
  await head.context().close();
  const doctor = await signIn(browser, "bacsi.84101");
  await doctor.goto("/app/results");
  await expect(doctor.locator("tbody tr")).toHaveCount(3);
  await picture(doctor, "56-hop-ket-qua");
  await doctor.locator("tbody tr").first().click();
  await expect(doctor.locator("main")).toContainText("Cao Văn Bảy");
  await picture(doctor, "57-phieu-ket-qua");
  await doctor.keyboard.press("F8");
  await doctor.waitForURL("**/app/results");
  await expect(doctor.locator("tbody tr")).toHaveCount(2);
  await doctor.goto(`/app/encounters/${visits[0]}?tab=3`);
  await expect(doctor.locator("main")).toContainText("6,8");
  await picture(doctor, "58-ket-qua-trong-luot-kham");
  await doctor.context().close();
});

test("controls, the catalogue and waiting times", async ({ browser }) => {
  const head = await signIn(browser, "xetnghiem2.84101");
  await head.goto("/app/lab/catalogue");
  await picture(head, "59-danh-muc-xet-nghiem");
  await head.getByRole("link", { name: "K", exact: true }).click();
  await picture(head, "60-chi-so-va-khoang");
  await head.goto("/app/lab/qc");
  await head.locator("#f-analyte").selectOption({ label: "K · Kali" });
  await head.locator("#f-level").fill("1");
  await head.locator("#f-material").fill("Control N");
  await head.locator("#f-lot_no").fill("A1");
  await head.locator("#f-mean").fill("4,0");
  await head.locator("#f-sd").fill("0,1");
  await head.locator("#f-expires_on").fill("31/12/2027");
  await head.getByRole("button", { name: "Bắt đầu dùng lô này" }).click();
  await head.waitForURL("**/app/lab/qc/lots/**");
  const lot = head.url();
  for (const value of ["4,02", "3,95", "4,11", "4,05", "3,9", "4,22", "4,01", "4,35"]) {
    await head.goto("/app/lab/qc");
    await head.locator("input[name=value]").first().fill(value);
    await head.getByRole("button", { name: "Lưu lần chạy" }).click();
    await head.waitForURL("**/app/lab/qc");
  }
  await expect(head.locator("tbody")).toContainText("1-3s");
  await picture(head, "61-noi-kiem");
  await head.goto(lot);
  await picture(head, "62-levey-jennings");
  await head.goto("/app/lab/turnaround");
  await picture(head, "63-thoi-gian-tra");
  await head.context().close();
});

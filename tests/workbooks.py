"""读取 laidian 写出的工作簿，并导入各种程序写出的工作簿：tests/demo.sh target/python/bin/python tests/workbooks.py
Reads workbooks that laidian writes, and imports those that other programs write, at the demo server that ADDRESS names.

Every check prints a line; the first that fails ends the program.
"""

import io
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile

import openpyxl

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "writers"))
import writers  # noqa: E402

BASE = os.environ["ADDRESS"].rstrip("/")
ADMIN = "demo-ibizplm-token"
MEMBER = "demo-ibizplm-member"
TITLES = ["客户名称", "负责人", "等级", "规模", "行业", "描述", "联系电话"]


def call(method, path, body=None, headers=None, token=ADMIN):
    headers = {"Authorization": f"Bearer {token}", **(headers or {})}
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(BASE + urllib.parse.quote(path, safe="/?=&"), body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=300) as reply:
            return reply.status, dict(reply.headers), reply.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, dict(refusal.headers), refusal.read()


def upload(path, data, name="导入数据.xlsx", fields=None, token=ADMIN):
    boundary = "----------------laidian"
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in (fields or {}).items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n")
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    return call("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}, token)


def workbook(rows, titles=TITLES):
    book = openpyxl.Workbook()
    for row in [titles, *rows]:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells(data):
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def find(name):
    status, _, body = call("POST", "/customers/fetchdefault", {"n_name_like": name, "sort": "name,asc", "size": 1000})
    assert status == 200, body
    return json.loads(body)


def check(what):
    print(f"  {what}", flush=True)


def the_template_has_titles_and_lists():
    status, headers, body = call("GET", "/customers/importtemplate?srfimporttag=")
    assert status == 200, body
    assert "数据导入模板.xlsx" in urllib.parse.unquote(headers["content-disposition"]), headers
    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet = book.worksheets[0]
    assert sheet.title == "客户" and [cell.value for cell in sheet[1]] == TITLES
    assert all(sheet.column_dimensions[letter].width > 10 for letter in "ABCDEFG")
    validations = {str(item.sqref)[0]: item.formula1 for item in sheet.data_validations.dataValidation}
    assert set(validations) == {"C", "E"}, validations
    assert book["行业"].sheet_state == "hidden"
    assert [row[0] for row in book["行业"].iter_rows(values_only=True)][:2] == ["互联网", "教育"]
    status, _, body = call("GET", "/customers/importtemplate?srfimporttag=other")
    assert status == 400 and "无法获取实体导入[other]" in body.decode(), body
    check("the template")


def an_import_creates_what_the_workbook_says():
    rows = [
        ["导入甲", "王芳", "L1", 50, "互联网", "一\n二", "13711110001"],
        ["导入乙", None, "L2", "60", "20", "=也不是公式", 13711110002],
        [None] * 7,
        ["导入丙 & <b>", "", "", None, "", "", "13711110003；13711110004"],
    ]
    status, headers, body = upload("/customers/importdata?srfimporttag=import_customer", workbook(rows))
    # A text that begins with = is a formula to openpyxl, and told so.
    assert status == 400 and "导入数据[2]项[描述]是公式" in body.decode(), body
    assert find("导入") == [], "nothing is imported when something cannot be understood"
    rows[1][5] = "不是公式"
    status, headers, body = upload("/customers/importdata?srfimporttag=import_customer", workbook(rows))
    assert (status, json.loads(body)) == (200, {}), body
    assert (headers["x-import-total"], headers["x-import-success"], headers["x-import-failed"]) == ("3", "3", "0")
    found = {row["name"]: row for row in find("导入")}
    first, second = found["导入甲"], found["导入乙"]
    assert (first["assignee_name"], first["grade_id"], first["scale"]) == ("王芳", "L1", 50), first
    assert (first["industry_id"], first["description"]) == ("10", "一\n二"), first
    assert (second["industry_id"], second["scale"], second["assignee_id"]) == ("20", 60, None), second
    assert "导入丙 & <b>" in found
    status, _, body = call("POST", "/customers/importdata")
    assert status == 400 and "没有传入导入数据" in body.decode(), body
    status, _, body = upload("/customers/importdata", workbook(rows), token=MEMBER)
    assert status == 403, body
    check("an import")


def the_seventh_row_has_a_phone_twice():
    rows = [[f"重号{n}", None, None, None, None, None, f"1372222000{n}"] for n in range(1, 10)]
    rows[6][6] = "13722220003"
    status, headers, body = upload("/products/p-demo/customers/importdata", workbook(rows), token=MEMBER)
    assert status == 200 and list(json.loads(body)) == ["7"], body
    assert "13722220003" in json.loads(body)["7"], body
    assert (headers["x-import-success"], headers["x-import-failed"]) == ("8", "1"), headers
    assert [row["name"] for row in find("重号")] == [f"重号{n}" for n in (1, 2, 3, 4, 5, 6, 8, 9)]
    assert all(row["product_id"] == "p-demo" for row in find("重号"))
    check("a phone that stands in two rows")


def failed_rows_come_back_as_a_workbook():
    rows = [
        ["返回一", None, "L9", "x", None, None, None],
        ["返回二", "无此人", None, None, None, None, None],
        ["返回三", None, None, "很大", None, None, None],
        ["返回四", None, None, None, None, None, None],
    ]
    status, headers, body = upload("/customers/importdata2", workbook(rows))
    assert status == 200 and "导入错误.xlsx" in urllib.parse.unquote(headers["content-disposition"]), headers
    found = cells(body)
    assert found[0] == [*TITLES, "错误信息"], found[0]
    assert [row[0] for row in found[1:]] == ["返回一", "返回二", "返回三", "返回四"]
    for row, part in zip(found[1:], ["无法被代码表[客户等级]识别", "无法被实体[企业用户]识别", "不符合格式要求", "未导入"]):
        assert part in row[7], row
    assert "不符合格式要求" in found[1][7], "all faults of a row are told"
    assert headers["x-import-success"] == "0" and find("返回") == []
    rows = [["返回五", None, None, None, None, "好", None], ["  ", None, None, 5, None, None, None]]
    status, headers, body = upload("/customers/importdata2", workbook(rows))
    found = cells(body)
    assert len(found) == 2 and found[1][3] == "5" and "客户名称" in found[1][7], found
    assert [row["name"] for row in find("返回")] == ["返回五"]
    # Mended, it is imported as it is.
    mended = openpyxl.load_workbook(io.BytesIO(body))
    mended.worksheets[0]["A2"] = "返回七"
    out = io.BytesIO()
    mended.save(out)
    status, _, body = upload("/customers/importdata2", out.getvalue())
    assert status == 200 and len(cells(body)) == 1, cells(body)
    assert sorted(row["name"] for row in find("返回")) == ["返回七", "返回五"]
    status, _, body = upload("/customers/importdata2", workbook([["返回六"]], ["客户名称"]))
    assert status == 200 and cells(body) == [["客户名称", "错误信息"]], "nothing failed: the titles alone"
    check("a workbook of failed rows")


def what_is_no_such_workbook_is_told_so():
    def refused(data, part):
        status, _, body = upload("/customers/importdata", data)
        assert status == 400 and part in json.loads(body)["message"], body

    refused(b"name,phone\n", "导入列[name]不存在")
    refused("客户名称\n".encode() + b"\x00\x01", "不是有效的 csv 文件")
    refused(b"", "不是有效的 csv 文件")
    refused(b"<html><table></table></html>", "不支持 html 文件")
    refused(workbook([["a", "b"]], ["客户名称", "年龄"]), "导入列[年龄]不存在")
    refused(workbook([["a"]], ["描述"]), "缺少列[客户名称]")
    refused(workbook([["a", "b"]], ["客户名称", "客户名称"]), "出现两次")
    whole = workbook([["炸弹"]])
    refused(whole[: len(whole) // 2], "不是有效的 xlsx 文件")
    bomb(whole, "xl/worksheets/sheet1.xml", refused)
    bomb(whole, "xl/sharedStrings.xml", refused)
    assert find("炸弹") == []
    check("what is no such workbook")


def bomb(whole, name, refused):
    """The same workbook, of which one part unpacks to a gigabyte."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for item in old.infolist():
            if item.filename != name:
                part = old.read(item.filename)
                if item.filename == "xl/_rels/workbook.xml.rels":
                    strings = b'<Relationship Type="x/sharedStrings" Target="sharedStrings.xml" Id="strings"/>'
                    part = part.replace(b"</Relationships>", strings * ("String" in name) + b"</Relationships>")
                new.writestr(item, part)
        with new.open(name, "w", force_zip64=False) as part:
            part.write(b"<x>")
            piece = b"<row></row>" * 100_000
            for _ in range((1 << 30) // len(piece)):
                part.write(piece)
    refused(out.getvalue(), "[import] unpacked_bytes")


def an_import_in_the_background_has_titles_of_its_own():
    rows = [[f"异步{n}", "L3", f"1373333{n:04}", "多余"] for n in range(1, 1201)]
    rows[9][2] = rows[8][2]
    data = workbook(rows, ["单位名称", "级别", "手机", "其他"])
    status, _, body = upload("/files", data, "客户.xlsx")
    file = json.loads(body)
    assert status == 200 and file["name"] == "客户.xlsx" and file["size"] == len(data), body
    columns = {"单位名称": "name", "级别": "grade_id", "3": "phone"}
    status, _, body = call("POST", "/importschemas", {"name": "自家表头", "columns": columns})
    schema = json.loads(body)
    assert status == 200 and call("POST", "/importschemas", {"columns": columns})[2] and schema["id"], body
    path = f"/customers/asyncimportdata2?srfimporttag=&srfossfileid={file['id']}&srfimportschemaid={schema['id']}"
    status, _, body = call("GET", path)
    job = json.loads(body)
    assert status == 200 and job["actiontype"] == "DEIMPORTDATA2" and job["actionstate"] in (10, 20), body
    for _ in range(600):
        status, _, body = call("GET", f"/asyncactions/{job['asyncacitonid']}")
        job = json.loads(body)
        if job["actionstate"] >= 30:
            break
        time.sleep(0.1)
    result = job["actionresult"]
    assert (job["actionstate"], job["completionrate"]) == (30, 100), job
    assert (result["total"], result["success"], result["failed"]) == (1200, 1199, 1), result
    assert result["errorinfo"][0]["row"] == 10, result
    status, _, body = call("GET", f"/ossfiles/{result['errorfile']['id']}")
    assert status == 200 and cells(body)[1][0] == "异步10", body
    assert call("GET", f"/ossfiles/{result['errorfile']['id']}", token=MEMBER)[0] == 404, "another's file"
    status, headers, _ = call("POST", "/customers/fetchdefault", {"n_name_like": "异步", "n_grade_id_eq": "L3", "size": 1})
    assert headers["x-total"] == "1199", headers
    for path, part in [
        ("/customers/asyncimportdata2?srfossfileid=x", "无法下载指定OSS文件[x]"),
        (f"/customers/asyncimportdata2?srfossfileid={file['id']}&srfimportschemaid=y", "无法获取表头定义[y]"),
        (f"/customers/asyncimportdata2?srfossfileid={file['id']}&srfimporttag=z", "无法获取实体导入[z]"),
    ]:
        status, _, body = call("GET", path)
        assert status == 400 and part in body.decode(), body
    assert call("GET", "/asyncactions/nothing")[0] == 404
    check("an import in the background")


def what_other_programs_write_is_read_as_it_shows():
    expected = {}
    for name, data, rows in writers.written():
        status, headers, body = upload("/customers/importdata", data, name)
        if name.endswith((".xls", ".xlsb")):
            kind = name.rsplit(".")[-1]
            assert status == 400 and f"不支持 {kind} 文件" in json.loads(body)["message"], (name, body)
            continue
        assert (status, json.loads(body)) == (200, {}), (name, body.decode())
        assert headers["x-import-success"] == str(len(rows)), (name, headers)
        for row in rows:
            expected.setdefault(row[0], []).append(row[3])
        found = {}
        for customer in find(writers.PREFIX):
            found.setdefault(customer["name"], []).append(customer["description"])
        for row in rows:
            assert sorted(found[row[0]]) == sorted(expected[row[0]]), (name, row, found[row[0]])
    check("what other programs write")


def a_csv_is_a_table_in_any_encoding():
    for at, (encoding, separator) in enumerate(
        (encoding, separator) for encoding in ["utf-8", "utf-8-sig", "gb18030", "utf-16"] for separator in ",;\t"
    ):
        lines = [["客户名称", "描述"], [f"逗号{at}", '"一\n二"'], [f"逗号{at}乙", "'+85261234567"]]
        data = "\r\n".join(separator.join(line) for line in lines).encode(encoding)
        status, _, body = upload("/customers/importdata", data, "客户.csv")
        assert (status, json.loads(body)) == (200, {}), (encoding, separator, body.decode())
        assert [row["description"] for row in find(f"逗号{at}") if row["name"] == f"逗号{at}"] == ["一\n二"]
        assert [row["description"] for row in find(f"逗号{at}乙")] == ["+85261234567"]
    check("csv")


def an_export_has_what_the_list_has():
    for path, filters in [
        ("/customers/exportdata/fetchdefault?srfexporttag=", {"sort": "name,desc;id,asc"}),
        ("/customers/exportdata/fetchdefult", {"n_industry_id_eq": "10"}),
        ("/products/p-demo/customers/exportdata/FETCHNORMAL", {"n_grade_id_eq": "L1"}),
        ("/customers/exportdata/fetchdefault", {"page": 1, "size": 7, "sort": "name,asc"}),
    ]:
        status, headers, body = call("POST", path, filters)
        assert status == 200 and "数据导出.xlsx" in urllib.parse.unquote(headers["content-disposition"]), body[:200]
        found = cells(body)
        assert found[0] == ["客户名称", "规模", "等级", "行业", "类别", "负责人", "已完成工单数", "工单总数"]
        listed = []
        method = "fetchnormal" if "NORMAL" in path else "fetchdefault"
        product = "/products/p-demo" if "p-demo" in path else ""
        pages = [filters] if "page" in filters else [{**filters, "page": page, "size": 1000} for page in range(10)]
        for page in pages:
            listed += json.loads(call("POST", f"{product}/customers/{method}", page)[2])
        industries = {"10": "互联网", "20": "教育", "30": "电子商务", "40": "智能硬件", "50": "企业服务"}
        industries |= {"60": "先进制造", "70": "游戏", "80": "金融", "90": "其他"}
        text = lambda value: "" if value is None else str(value)
        expected = [
            [
                text(row["name"]), text(row["scale"]), text(row["grade_id"]),
                industries.get(row["industry_id"], text(row["industry_id"])), text(row["categories_name"]),
                text(row["assignee_name"]), text(row["ticket_finish"]), text(row["ticket_total"]),
            ]
            for row in listed
        ]
        assert found[1:] == expected, path
        assert len(expected) > 0, path
    key = find("导入甲")[0]["id"]
    status, _, body = call("POST", f"/customers/exportdata/fetchdefault/{key}", {})
    assert [row[0] for row in cells(body)] == ["客户名称", "导入甲"], body
    assert call("POST", "/customers/exportdata/nothing", {})[0] == 404
    status, _, body = call("POST", "/customers/exportdata/fetchdefault?srfexporttag=other", {})
    assert status == 400 and "无法获取实体导出[other]" in body.decode(), body
    check("exports, cell by cell")


for step in [
    the_template_has_titles_and_lists,
    an_import_creates_what_the_workbook_says,
    the_seventh_row_has_a_phone_twice,
    failed_rows_come_back_as_a_workbook,
    what_is_no_such_workbook_is_told_so,
    an_import_in_the_background_has_titles_of_its_own,
    what_other_programs_write_is_read_as_it_shows,
    a_csv_is_a_table_in_any_encoding,
    an_export_has_what_the_list_has,
]:
    step()

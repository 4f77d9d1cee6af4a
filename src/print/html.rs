//! One file that needs no other, to be read on a screen and to be printed.

use std::fmt::Write;

use super::{Bar, Block, Cell, Field, Sheet, Table};

const STYLE: &str = "\
*{box-sizing:border-box}\
body{margin:0;background:#f1f4f8;color:#1f2933;font:15px/1.6 system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif}\
section{max-width:860px;margin:24px auto;padding:40px 48px;background:#fff;border-radius:6px;box-shadow:0 1px 3px #0002}\
h1{margin:0 0 4px;font-size:24px}h2{margin:28px 0 8px;font-size:16px}\
h1,h2,td,th,.bar{overflow-wrap:anywhere}\
.sub{margin:0;color:#6b7280}\
table{width:100%;border-collapse:collapse;margin:12px 0}\
th,td{min-width:5em;padding:6px 10px;border-bottom:1px solid #d9dee5;text-align:start;vertical-align:top;white-space:pre-wrap}\
thead th{background:#f1f4f8}.fields th{width:9em;color:#6b7280;font-weight:400}\
.n{text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}\
.bar{display:grid;grid-template-columns:9em 1fr 5em;gap:10px;align-items:center;margin:4px 0}\
.bar i{display:block;height:14px;min-width:1px;background:#2b6cb0;border-radius:2px}\
@media print{@page{size:A4;margin:16mm}body{background:#fff;font-size:11pt}thead{display:table-header-group}tr,.bar{break-inside:avoid}h2{break-after:avoid}\
section{max-width:none;margin:0;padding:0;box-shadow:none}section+section{break-before:page}.bar i,thead th{print-color-adjust:exact}}";

/// Returns the file.
pub fn render(sheets: &[Sheet]) -> String {
    let title = sheets.first().map_or("", |sheet| &sheet.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{}</title><style>{STYLE}</style></head><body>\n",
        escaped(title)
    );
    for sheet in sheets {
        let _ = write!(page, "<section><h1 dir=\"auto\">{}</h1>\n<p class=\"sub\">", escaped(&sheet.title));
        for (number, line) in sheet.subtitle.iter().enumerate() {
            let between = if number == 0 { "" } else { " · " };
            let _ = write!(page, "{between}<bdi>{}</bdi>", escaped(line));
        }
        page.push_str("</p>\n");
        for block in &sheet.blocks {
            match block {
                Block::Heading(title) => {
                    let _ = writeln!(page, "<h2 dir=\"auto\">{}</h2>", escaped(title));
                }
                Block::Fields(list) => fields(&mut page, list),
                Block::Table(content) => table(&mut page, content),
                Block::Bars(list) => bars(&mut page, list),
            }
        }
        page.push_str("</section>\n");
    }
    page.push_str("</body></html>\n");
    page
}

fn fields(page: &mut String, fields: &[Field]) {
    page.push_str("<table class=\"fields\">");
    for Field { label, value } in fields {
        let (label, value) = (escaped(label), escaped(value));
        let _ = writeln!(page, "<tr><th scope=\"row\" dir=\"auto\">{label}</th><td dir=\"auto\">{value}</td></tr>");
    }
    page.push_str("</table>\n");
}

fn table(page: &mut String, table: &Table) {
    page.push_str("<table><thead><tr>");
    for (column, title) in table.columns.iter().enumerate() {
        let class = if table.has_numbers(column) { " class=\"n\"" } else { "" };
        let _ = write!(page, "<th scope=\"col\"{class}>{}</th>", escaped(title));
    }
    page.push_str("</tr></thead><tbody>\n");
    for row in &table.rows {
        page.push_str("<tr>");
        for cell in row {
            let _ = match cell {
                Cell::Text(text) => write!(page, "<td dir=\"auto\">{}</td>", escaped(text)),
                Cell::Number(number) => write!(page, "<td class=\"n\">{number}</td>"),
            };
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody></table>\n");
}

fn bars(page: &mut String, bars: &[Bar]) {
    let largest = bars.iter().map(|bar| bar.count).max().unwrap_or(0).max(1);
    for Bar { label, count } in bars {
        let share = f64::from(*count) / f64::from(largest) * 100.0;
        let label = escaped(label);
        let _ = writeln!(
            page,
            "<div class=\"bar\"><bdi>{label}</bdi><i style=\"width:{share:.1}%\"></i><span class=\"n\">{count}</span></div>"
        );
    }
}

/// Returns the text as it can stand in any element or attribute. What HTML has no place for becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            '\r' => {}
            control if control.is_control() => escaped.push(char::REPLACEMENT_CHARACTER),
            other => escaped.push(other),
        }
    }
    escaped
}

//! `docs/performance.md` and its plots, in both languages, from what each part has found last.

use std::fmt::Write;
use std::path::Path;

use crate::plot;
use crate::report::{Part, Table, Words, figure, words};

/// A language of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    Chinese,
}

impl Language {
    fn of(self, words: &Words) -> &str {
        match self {
            Self::English => &words.en,
            Self::Chinese => &words.zh,
        }
    }

    fn choose(self, en: &'static str, zh: &'static str) -> &'static str {
        if self == Self::English { en } else { zh }
    }
}

const INTRODUCTION: (&str, &str) = (
    "# Performance

[中文](performance.zh.md)

What a million customers cost on one machine, as `cargo bench --bench capacity -- --write` has measured it. Absolute figures drift from
machine to machine and hour to hour; ratios of one run hold, which is why whatever is compared was measured in the same run, in rounds that
take turns: medians, and by how much the others differ. Every reply is checked against its request, counts against a scan of the
tables, and what was acknowledged against what is there afterwards.

- **C** is the ceiling: a bare tokio-tungstenite server that answers every frame with one text of the same size, replies batched while
  more frames are there. **codec** is the same without the library.
- **Node** is `ws` with `better-sqlite3`: a stored document, one read a frame. **Redis** is a `GET` of the same bytes, pipelined where
  several are on their way.
- 64 × 16 is 64 sockets, each with 16 requests on their way. CPU is the server's, user and system, for each request.
",
    "# 性能

[English](performance.md)

一百万客户在一台机器上的开销，由 `cargo bench --bench capacity -- --write` 测得。绝对数值因机器和时间而异，同一次运行中的比值是稳定的，
所以相互比较的都在同一次运行中轮流测量：表中是中位数和其余各轮的偏差。每个回复都与请求核对，数量与全表扫描核对，已确认的写入事后与库中的核对。

- **C** 是上限：只有 tokio-tungstenite 的服务器，对每一帧回复同样大小的固定文本，还有帧时合并发送。**codec** 相同，但不用库。
- **Node** 是 `ws` 加 `better-sqlite3`：存好的文档，每帧读一次。**Redis** 是同样字节的 `GET`，多个请求在途时用管道。
- 64 × 16 是 64 个连接，每个有 16 个请求在途。CPU 是服务器每个请求的用户态加内核态时间。
",
);

const AGAIN: (&str, &str) = (
    "## Measuring again

```bash
(cd benches/peers && npm install)      # Node's part; Redis is `apt-get install redis-server`
cargo bench --bench capacity           # all parts; the data set is made once
cargo bench --bench capacity -- get    # one: get list search mixed writes import idle start growth
```

`CAPACITY_PROGRAM` names another build to stand beside this one. Nothing else should run meanwhile.
",
    "## 自己测量

```bash
(cd benches/peers && npm install)      # Node 部分；Redis 用 `apt-get install redis-server`
cargo bench --bench capacity           # 全部；数据只生成一次
cargo bench --bench capacity -- get    # 其中一项：get list search mixed writes import idle start growth
```

`CAPACITY_PROGRAM` 指定与本版本并列的另一版本。测量时不要运行其他程序。
",
);

/// Writes the documents and the plots into this folder.
pub fn write(folder: &Path, found: &[Part], machine: &Words) {
    let plots = folder.join("performance");
    std::fs::create_dir_all(&plots).expect("a folder");
    for plot in found.iter().flat_map(|part| &part.plots) {
        std::fs::write(plots.join(format!("{}.svg", plot.name)), plot::svg(plot)).expect("a plot");
    }
    for (language, name) in [(Language::English, "performance.md"), (Language::Chinese, "performance.zh.md")] {
        std::fs::write(folder.join(name), document(language, found, machine)).expect("a document");
    }
}

fn document(language: Language, found: &[Part], machine: &Words) -> String {
    let mut text = language.choose(INTRODUCTION.0, INTRODUCTION.1).to_owned();
    let _ = write!(text, "\n{}\n\n", language.of(machine));
    promises(&mut text, language, found);
    for part in found {
        for table in &part.tables {
            show(&mut text, language, table);
        }
        for plot in &part.plots {
            let title = language.of(&plot.title);
            let _ = write!(text, "**{title}**\n\n![{title}](performance/{}.svg)\n\n", plot.name);
        }
    }
    let skipped: Vec<&Words> = found.iter().flat_map(|part| &part.skipped).collect();
    if !skipped.is_empty() {
        let _ = write!(text, "{}\n\n", language.choose("## Left out", "## 未测量"));
        for why in skipped {
            let _ = writeln!(text, "- {}", language.of(why));
        }
        text.push('\n');
    }
    text + language.choose(AGAIN.0, AGAIN.1)
}

fn promises(text: &mut String, language: Language, found: &[Part]) {
    let _ = write!(text, "{}\n\n", language.choose("## What is promised", "## 承诺"));
    let head = language.choose(
        "| promise | seen | aim | floor | |\n|---|---|---|---|---|",
        "| 承诺 | 实测 | 目标 | 底线 | |\n|---|---|---|---|---|",
    );
    let _ = writeln!(text, "{head}");
    for verdict in found.iter().flat_map(|part| &part.verdicts) {
        let (promise, unit) = (language.of(&verdict.promise), &verdict.unit);
        let (seen, aim, floor) = (figure(verdict.seen), verdict.limit(verdict.aim), verdict.limit(verdict.floor));
        let _ = writeln!(text, "| {promise} | {seen}{unit} | {aim} | {floor} | {} |", verdict.word());
    }
    text.push('\n');
}

fn show(text: &mut String, language: Language, table: &Table) {
    let heads: Vec<&str> = table.head.iter().map(|head| language.of(head)).collect();
    let _ = write!(text, "## {}\n\n| | {} |\n", language.of(&table.title), heads.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(heads.len()));
    for (name, cells) in &table.rows {
        let empty = vec![""; heads.len().saturating_sub(cells.len())];
        let cells: Vec<&str> = cells.iter().map(String::as_str).chain(empty).collect();
        let _ = writeln!(text, "| {} | {} |", language.of(name), cells.join(" | "));
    }
    text.push('\n');
}

/// The machine, in words.
pub fn machine(settings: &Words) -> Words {
    let read = |file: &str, name: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = read("/proc/cpuinfo", "model name");
    let memory = read("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN);
    let gigabytes = figure(memory / 1024.0 / 1024.0);
    words(
        &format!("Measured on {processors} × {model}, {gigabytes} GiB; {}.", settings.en),
        &format!("测量环境：{processors} × {model}，{gigabytes} GiB；{}。", settings.zh),
    )
}

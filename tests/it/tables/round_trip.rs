//! What an export writes, an import takes back, cell by cell.

use super::*;

both_engines! {
    what_was_exported_is_imported_the_same,
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.next(all.len())]
    }

    fn text(&mut self) -> Patch<std::borrow::Cow<'static, str>> {
        const PIECES: &[&str] = &[
            "王芳",
            "陳小姐",
            "=1+1",
            "+A",
            "-x",
            "@b",
            "'=q",
            "''",
            "a\nb",
            "Łukasz",
            "客戶,甲",
            "\"quoted\"",
            "01234",
            "1e5",
            "TRUE",
            "2017-05-03",
            "👩\u{200d}👧",
            "0.10",
            "<&>",
            "_x000D_",
            "晴川；服务",
            "a b",
            "#N/A",
            "１２３",
        ];
        if self.next(6) == 0 {
            return Patch::Keep;
        }
        let text: String = (0..=self.next(3)).map(|_| self.of(PIECES)).collect();
        Patch::Set(text.into())
    }

    /// The phones of the customer of this number; no two customers have the same.
    fn phones(&mut self, number: usize) -> Vec<PhoneChange<'static>> {
        let all = [
            format!("1381{number:07}"),
            format!("+86 139 {:04} {:04}", number / 10_000, number % 10_000),
            format!("010-8{number:07}转801"),
            format!("+852 6{number:07}"),
            format!("+8621{:08};ext=12", 50_000_000 + number),
            format!("(0571) 8{number:07}"),
            format!("0044 20 7{number:07}"),
        ];
        let kept: Vec<String> = all.into_iter().filter(|_| self.next(3) == 0).collect();
        kept.into_iter().map(|typed| PhoneChange { id: None, typed: typed.into() }).collect()
    }

    fn customer(&mut self, number: usize) -> Changes<'static> {
        let set = |text: &'static str| Patch::Set(text.into());
        let moment = |dice: &mut Self| Patch::Set(Moment::at(NOW - dice.next(1_000_000) as i64 * 60 * SECOND));
        let has_owner = self.next(2) == 0;
        let labels = ["VIP", "a,b", "老客户、甲", "\"x\"", "重要"].into_iter().filter(|_| self.next(4) == 0);
        let labels: Vec<_> = labels.map(std::borrow::Cow::Borrowed).collect();
        let mut custom = std::collections::BTreeMap::from([(500, json!(self.next(100)))]);
        if self.next(2) == 0 {
            custom.insert(392, json!("高消费"));
            custom.insert(501, json!(self.of(&["=1+1", "长\n文", "0010", "1.50", "{\"a\":1}"])));
            custom.insert(502, json!("2017-05-03"));
            custom.insert(503, json!(-0.25));
        }
        Changes {
            // One that has nothing else is one by its name.
            name: match self.text() {
                Patch::Keep => Patch::Set(format!("客户{number}").into()),
                name => name,
            },
            company_name: self.text(),
            address: self.text(),
            last_accept: self.text(),
            kind: set(self.of(&["普通客户", "企业客户"])),
            flag: if self.next(2) == 0 { set("未处理") } else { Patch::Keep },
            source: if self.next(2) == 0 { set("展览") } else { Patch::Keep },
            task: if self.next(2) == 0 { Patch::Set(99) } else { Patch::Keep },
            owner: if has_owner { set("008") } else { Patch::Keep },
            group: if has_owner || self.next(2) == 0 { Patch::Set(1_001_002) } else { Patch::Keep },
            phones: Some(self.phones(number)),
            labels: Some(labels),
            star: Some(self.next(6) as i64),
            custom: Patch::Set(custom),
            follow_count: Patch::Set(self.next(50) as i64),
            assigned_at: moment(self),
            last_follow_at: moment(self),
            ..Changes::default()
        }
    }
}

/// The formats that an import reads.
const READ: [Format; 2] = [Format::Xlsx, Format::Csv];

async fn what_was_exported_is_imported_the_same(engine: Engine) {
    // As many take minutes on PostgreSQL.
    let usual = if engine == Engine::Sqlite { 5000 } else { 150 };
    let count = std::env::var("ROUND_TRIP_CUSTOMERS").map_or(usual, |count| count.parse().unwrap());
    let prepared = async || {
        let demo = backend(engine, 0).await;
        set_up(
            &demo,
            DESK,
            vec![
                field(500, "满意度", FieldKind::Number, true),
                field(501, "客户姓名", FieldKind::Text, false),
                field(502, "生日", FieldKind::Date, false),
                field(503, "余额", FieldKind::Number, false),
            ],
        )
        .await;
        let caller = demo.caller(DESK, None).await;
        (demo, caller)
    };
    let (one, caller) = prepared().await;
    let operator = one.caller(DESK, Some("008")).await;
    let cx = one.context(&operator).await.unwrap();
    let mut dice = Dice(1);
    for number in 0..count {
        create(&cx, dice.customer(number)).await.unwrap();
    }
    for format in READ {
        let (other, caller_there) = prepared().await;
        other.time.set(NOW + 24 * 60 * 60 * SECOND);
        let exported = export(&one, &caller, format).await;
        let outcome = import(&other, &caller_there, Plan::default(), &exported).await;
        assert_eq!(figures(&outcome), [count as u32, 0, 0, 0, 0], "{format:?}: {:?}", outcome.mistakes);
        let (before, after) = (
            rows(&export(&one, &caller, Format::Xlsx).await),
            rows(&export(&other, &caller_there, Format::Xlsx).await),
        );
        assert_eq!(before.len(), count + 1);
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "{format:?}");
        }
        // Once more, by their ids: all are as the table has them.
        let plan = Plan { mode: Mode::Update, by: MatchBy::Id, is_trial: false };
        assert_eq!(figures(&import(&other, &caller_there, plan, &exported).await), [0, 0, count as u32, 0, 0]);
        let scope = other.context(&caller_there).await.unwrap().scope;
        check_invariants(&other.place, &scope).await;
    }
}

//! The demo's companies: who works there and what their lists hold.

use std::collections::BTreeMap;

use crate::domain::custom_field::FieldKind;
use crate::domain::rights::{Adjustment, Delete, Phones, Reach};
use crate::domain::role::Role;
use crate::error::Error;
use crate::ops::access::credential::Kind;
use crate::ops::company::setup::{self, DictionaryKind, NewCredential};
use crate::store::Tx;

/// An app of the demo and its token, which is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct App {
    pub company: i64,
    pub id: &'static str,
    pub token: &'static str,
}

/// The apps with which calls to the demo are signed.
pub const APPS: [App; 2] = [
    App { company: MAIN.id, id: "2020158", token: "demo-token" },
    App { company: DESK.id, id: "2020159", token: "demo-token-8008" },
];

/// The app with which WiseCRM's clients call the demo.
pub const WISE: App = App { company: MAIN.id, id: "000-AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE", token: "demo-key" };

/// A program of the main company and its bearer token, which is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    pub id: &'static str,
    pub dialect: &'static str,
    pub token: &'static str,
    pub acts_as: Option<&'static str>,
    /// What it may do in all of iBiz PLM.
    pub grants: Option<&'static str>,
}

/// The programs that read the main company's customers with a token.
pub const BEARERS: [Bearer; 4] = [
    Bearer { id: "demo-detail", dialect: "customer_detail", token: "demo-detail-token", acts_as: None, grants: None },
    Bearer { id: "demo-crm", dialect: "crm_info", token: "demo-crm-token", acts_as: None, grants: None },
    Bearer {
        id: "demo-ibizplm",
        dialect: "ibizplm",
        token: "demo-ibizplm-token",
        acts_as: Some(WANG.login_no),
        grants: Some("CREATE,READ,UPDATE,DELETE"),
    },
    Bearer {
        id: "demo-ibizplm-member",
        dialect: "ibizplm",
        token: "demo-ibizplm-member",
        acts_as: Some(LI.login_no),
        grants: Some(""),
    },
];

/// The secret that signs the tokens of a demo company's staff, which is no secret.
#[must_use]
pub fn token_secret(company: i64) -> String {
    format!("demo-secret-{company}")
}

/// How a company is set up.
pub struct Plan {
    pub id: i64,
    pub name: &'static str,
    pub groups: &'static [(i64, &'static str)],
    pub staff: &'static [Member],
    /// What its agents may, where that differs from the usual.
    pub agents: Adjustment,
    /// Dictionaries: value and name, in their order. The first flag is that of untouched customers.
    pub types: &'static [(&'static str, &'static str)],
    pub flags: &'static [(&'static str, &'static str)],
    pub sources: &'static [(&'static str, &'static str)],
    pub tasks: &'static [(i64, &'static str)],
    /// Option fields: id, name, options.
    pub fields: &'static [(i64, &'static str, &'static [&'static str])],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Member {
    pub login_no: &'static str,
    pub name: &'static str,
    pub role: Role,
    pub groups: &'static [i64],
    /// Empty for none.
    pub mobile: &'static str,
}

/// Where the document lists and looks up customers.
pub static MAIN: Plan = Plan {
    id: 1054,
    name: "云上通讯演示公司",
    groups: &[(1_054_001, "客服一部"), (1_054_002, "客服二部")],
    staff: &[WANG, LI, ZHOU, ADMIN_MAIN],
    agents: agents(Reach::Company, Phones::Shown, true, Delete::All),
    types: &[("0", "企业客户"), ("1", "普通客户"), ("2", "潜在客户")],
    flags: FLAGS,
    sources: SOURCES,
    tasks: &[(99, "默认任务")],
    fields: &[],
};

pub const WANG: Member = Member {
    login_no: "trcs001",
    name: "王芳",
    role: Role::Agent,
    groups: &[1_054_001, 1_054_002],
    mobile: "13900001001",
};
pub const LI: Member =
    Member { login_no: "trcs008", name: "李强", role: Role::Agent, groups: &[1_054_002], mobile: "13900001008" };
pub const ZHOU: Member = Member {
    login_no: "trcs009",
    name: "周宁",
    role: Role::Supervisor,
    groups: &[1_054_001, 1_054_002],
    mobile: "13900001009",
};

const ADMIN_MAIN: Member =
    Member { login_no: "admin1054", name: "管理员", role: Role::Admin, groups: &[], mobile: "" };
const ADMIN_SHOP: Member =
    Member { login_no: "admin1001", name: "管理员", role: Role::Admin, groups: &[], mobile: "" };

const FLAGS: &[(&str, &str)] =
    &[("0", "未处理"), ("1", "了解产品"), ("2", "不需要"), ("10", "继续跟踪"), ("11", "客户签约")];
const SOURCES: &[(&str, &str)] = &[("0", "百度广告"), ("1", "展览"), ("2", "老客户介绍")];

const fn agents(reach: Reach, phones: Phones, export: bool, delete: Delete) -> Adjustment {
    Adjustment {
        reach: Some(reach),
        phones: Some(phones),
        export: Some(export),
        delete: Some(delete),
        actions: BTreeMap::new(),
    }
}

/// Whose lists the document's `filter_customers` example prints.
pub static SHOP: Plan = Plan {
    id: 1001,
    name: "天青商贸演示公司",
    groups: &[(1001, "销售部"), (1_001_002, "售后部")],
    staff: &[
        Member { login_no: "TRCS004", name: "陈晓岚", role: Role::Agent, groups: &[1001], mobile: "" },
        ADMIN_SHOP,
    ],
    agents: agents(Reach::Group, Phones::Masked, false, Delete::Own),
    types: &[("0", "潜在客户"), ("1", "签约客户"), ("2", "重复购买"), ("3", "流失客户")],
    flags: &[("0", "未处理"), ("2", "不需要"), ("8", "无法接通"), ("10", "继续跟踪"), ("11", "客户签约")],
    sources: &[("0", "天猫"), ("1", "京东"), ("2", "百度"), ("3", "线下"), ("4", "代理商"), ("5", "老客户介绍")],
    tasks: &[(303, "空号测试"), (310, "自定义模板")],
    fields: &[],
};

/// Where the document creates a customer. It starts without any, so that the example gets its ids.
pub static DESK: Plan = Plan {
    id: 8008,
    name: "晴川服务演示公司",
    groups: &[(1_001_002, "客服部")],
    staff: &[Member { login_no: "008", name: "吴桐", role: Role::Agent, groups: &[1_001_002], mobile: "" }],
    agents: agents(Reach::Company, Phones::Shown, true, Delete::All),
    types: &[("0", "普通客户"), ("1", "企业客户")],
    flags: FLAGS,
    sources: SOURCES,
    tasks: &[(99, "默认任务")],
    fields: &[(392, "消费情况", &["高消费", "中消费", "低消费"]), (373, "客户等级", &["A", "B", "C", "D", "E"])],
};

/// All companies, in the order in which they are set up.
pub static PLANS: [&Plan; 3] = [&DESK, &SHOP, &MAIN];

/// The password of a demo operator: `demo-trcs001`.
#[must_use]
pub fn password(login_no: &str) -> String {
    format!("demo-{}", login_no.to_lowercase())
}

/// Sets the company of this transaction up.
pub async fn set_up(tx: &mut Tx, plan: &Plan) -> Result<(), Error> {
    setup::company(tx, plan.name, "Asia/Shanghai", "CN", &token_secret(plan.id)).await?;
    for (id, name) in plan.groups {
        setup::group(tx, *id, name).await?;
    }
    for member in plan.staff {
        setup::operator(tx, member.login_no, member.name, member.role, member.groups).await?;
        setup::mobile(tx, member.login_no, member.mobile).await?;
        setup::public_password(tx, member.login_no, &password(member.login_no)).await?;
    }
    setup::role_rights(tx, Role::Agent, &plan.agents).await?;
    // This may be a second try at an empty database.
    let known = tx.credentials().await?;
    let apps = APPS.iter().map(|app| (app, "cti")).chain([(&WISE, "wisecrm")]);
    for (app, dialect) in apps.filter(|(app, _)| app.company == plan.id && known.iter().all(|known| known.id != app.id))
    {
        let app = NewCredential {
            id: app.id,
            kind: Kind::App,
            dialect,
            name: "演示应用",
            secret: app.token,
            acts_as: None,
            unlimited: true,
            grants: None,
        };
        setup::credential(tx, &app).await?;
    }
    for bearer in BEARERS.iter().filter(|bearer| plan.id == MAIN.id && known.iter().all(|known| known.id != bearer.id))
    {
        let Bearer { id, dialect, token, acts_as, grants } = *bearer;
        let credential = NewCredential {
            id,
            kind: Kind::Bearer,
            dialect,
            name: "演示程序",
            secret: token,
            acts_as,
            unlimited: true,
            grants,
        };
        setup::credential(tx, &credential).await?;
    }
    for (kind, items) in
        [(DictionaryKind::Type, plan.types), (DictionaryKind::Flag, plan.flags), (DictionaryKind::Source, plan.sources)]
    {
        for ((value, name), position) in items.iter().zip(0..) {
            setup::dictionary_item(tx, kind, value, Some(name), Some(position)).await?;
        }
    }
    for (id, name) in plan.tasks {
        setup::task(tx, *id, name).await?;
    }
    for (id, name, options) in plan.fields {
        let options: Vec<String> = options.iter().copied().map(str::to_owned).collect();
        setup::custom_field(tx, *id, name, FieldKind::Option, &options, false).await?;
    }
    Ok(())
}

//! Everything that can be refused, and the one table of codes, texts and HTTP statuses.
//!
//! Clients compare these texts byte for byte: `tests/it/errors.rs` freezes them, and `docs/errors.md` is
//! made from the same table. To add a refusal: a variant, a row in [`TABLE`], an arm in [`Error::row`].

mod detail;

use std::borrow::Cow;
use std::fmt;

use crate::domain::masking::{mask, mask_json, mask_text};
use crate::domain::plm::{Fault, Wrong};
use crate::store::fault::StorageFault;
use crate::store::{SearchTooLong, is_interrupted};

/// Why a request was refused. What is not in a variant's fields does not reach the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// `why` names the limit, `most` is how many it allows.
    RateLimited {
        retry_after_ms: u64,
        why: &'static str,
        most: u32,
    },
    CustomFieldMissing {
        label: String,
    },
    CustomerEmpty,
    /// `detail` names the parameter and what it should be.
    Parameter {
        detail: Cow<'static, str>,
    },
    /// The requestId of another request.
    RequestIdUsed,
    /// Somebody else changed the customer: as it is now, and the fields that were changed.
    Conflict {
        customer: Box<serde_json::Value>,
        fields: Vec<String>,
    },
    /// A value that its field cannot hold, where that is another refusal than a parameter of the wrong form.
    Value {
        detail: Cow<'static, str>,
    },
    /// Another customer is the same by a rule of the company; `field` says by which.
    Duplicate {
        field: &'static str,
    },
    /// `typed` is the number as the client sent it.
    PhoneTaken {
        typed: String,
    },
    /// A number that is not to be called.
    NumberBlocked,
    OwnerUnknown,
    /// The operator to whom a customer was to be given.
    OwnerDisabled {
        login_no: String,
    },
    OwnerWithoutGroup,
    /// Somebody looks after the customer who was to be taken out of the pool.
    NotInPool,
    /// The caller looks after as many customers as he may.
    PoolLimit {
        most: u32,
    },
    GroupUnknown,
    OwnerNotInGroup,
    /// A value that is in no entry of a dictionary; `field` is its wire name in lower case, `names` are the entries'.
    NotInDictionary {
        given: String,
        field: &'static str,
        names: Vec<String>,
    },
    ContentMissing,
    NotFound,
    /// A look-up by a number, without one: who calls does not show his.
    NoNumber,
    IdentifierType,
    /// `most` is the most rows that a page may have.
    PageSize {
        most: i64,
    },
    Page,
    /// A page beyond the 10,000 rows that a list can reach.
    PageBeyondCeiling,
    Signature,
    TimestampForm,
    TimestampAge,
    NonceUsed,
    NotSignedIn {
        detail: Cow<'static, str>,
    },
    /// Fields that break the rules of their system.
    Invalid {
        faults: Vec<Fault>,
    },
    /// Something else has the id that a client chose.
    IdTaken {
        id: String,
    },
    /// It cannot be deleted as long as something refers to it.
    InUse {
        detail: Cow<'static, str>,
    },
    Forbidden {
        detail: Cow<'static, str>,
    },
    /// `near` lists the actions whose names are nearest.
    UnknownAction {
        near: Vec<&'static str>,
    },
    FrameForm {
        detail: String,
    },
    FrameTooLarge {
        limit: usize,
    },
    /// The file would be larger than allowed.
    FileTooLarge {
        limit: u64,
    },
    /// The answer would be larger than allowed.
    ResultTooLarge {
        limit: usize,
    },
    /// It took longer than a request may; a write may have been made all the same.
    TimedOut,
    /// A search took longer than one may.
    SearchTooLong,
    /// The cause is in the log under this id.
    Internal {
        id: uuid::Uuid,
    },
    ShuttingDown {
        retry_after_ms: u64,
    },
    /// The storage takes no writes.
    Storage {
        fault: StorageFault,
    },
}

/// One line of the table of codes.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    pub code: i64,
    /// What clients show.
    pub message: &'static str,
    /// `exception.message`; `XXX` stands for what the request says.
    pub exception: Option<&'static str>,
    /// The status over HTTP. The document's way is 200 with the code in the body.
    pub status: u16,
    /// Whether the same request can succeed later.
    pub retryable: bool,
    pub when_zh: &'static str,
    pub when: &'static str,
}

const UNKNOWN: &str = "未知错误";

macro_rules! table {
    ($($name:ident: $code:literal $message:expr, $exception:expr, $status:literal, $retryable:literal, $zh:literal, $en:literal;)*) => {
        $(const $name: Row = Row {
            code: $code, message: $message, exception: $exception, status: $status, retryable: $retryable, when_zh: $zh, when: $en,
        };)*
        /// All refusals, in the order of the documentation.
        pub const TABLE: &[Row] = &[$($name),*];
    };
}

table! {
    RATE_LIMITED: 429 "api接口超过请求限制", None, 429, true, "请求频率超过限制，retryAfterMs 给出等待时间", "over the caller's rate; retryAfterMs says when to try again";
    CUSTOM_FIELD_MISSING: 2000 UNKNOWN, Some("缺少自定义字段 XXX"), 200, false, "必填的自定义字段没有填写", "a required custom field is missing";
    CUSTOMER_EMPTY: 2000 UNKNOWN, Some("param is missing or the value is empty: customer"), 200, false, "customer 为空", "customer is empty";
    PARAMETER: 2000 UNKNOWN, Some("不正确的参数格式"), 200, false, "参数格式错误，detail 指出是哪一个", "a parameter of the wrong form; detail names it";
    PHONE_TAKEN: 2000 UNKNOWN, Some("验证失败: 电话XXX已经使用"), 200, false, "电话已被本公司另一客户使用", "another customer of the company has this phone";
    OWNER_UNKNOWN: 2000 UNKNOWN, Some("找不到归属工号"), 200, false, "serviceNo 不存在，或已停用", "serviceNo is unknown or disabled";
    OWNER_WITHOUT_GROUP: 2000 UNKNOWN, Some("归属工号存在但归属部门不存在"), 200, false, "只给了 serviceNo，没有 servicegroupId", "serviceNo without servicegroupId";
    GROUP_UNKNOWN: 2000 UNKNOWN, Some("公司无此部门"), 200, false, "servicegroupId 不存在", "servicegroupId is unknown";
    OWNER_NOT_IN_GROUP: 2000 UNKNOWN, Some("员工不属于该部门"), 200, false, "serviceNo 与 servicegroupId 不匹配", "serviceNo does not belong to servicegroupId";
    NOT_IN_DICTIONARY: 2000 UNKNOWN, Some("'xxx' is not a valid custtype"), 200, false, "custType（或 dealFlag、custFrom）不在取值范围内", "custType (likewise dealFlag, custFrom) is not one of the company's values";
    REQUEST_ID_USED: 2000 UNKNOWN, Some("requestId已被使用"), 200, false, "requestId 用于另一个请求", "the requestId was used for another request";
    CONTENT_MISSING: 2000 "无效的唯一标识符类型", Some("Couldn't find Customer"), 200, false, "缺少 content", "content is missing";
    NOT_FOUND: 2005 "没有找到该资源", Some("Couldn't find Customer"), 200, false, "type 和 content 没有匹配的客户", "nothing matches type and content";
    NO_NUMBER: 2006 "没有号码", None, 200, false, "按电话查找，但没有号码：对方隐藏了号码（anonymous、unavailable）", "a look-up by a number that is none: the caller hides his (anonymous, unavailable)";
    IDENTIFIER_TYPE: 2060 "无效的唯一标识符类型", Some("无效的唯一标识符类型"), 200, false, "缺少 type 或取值未知", "type is missing or unknown";
    PAGE_SIZE: 206211 "参数page_size不合法", None, 200, false, "page_size 不在 1..100 之内", "page_size is outside 1..100";
    PAGE: 206201 "参数page不合法", None, 200, false, "page 不是正整数，或超出 10000 条（请用 export_customers）", "page is no positive integer, or reaches beyond 10,000 rows (use export_customers)";
    SIGNATURE: 2059 "签名错误", None, 200, false, "签名不正确", "the signature is wrong";
    TIMESTAMP_FORM: 20621 "时间戳格式错误", None, 200, false, "timestamp 缺失或不是秒数", "timestamp is missing or no number of seconds";
    TIMESTAMP_AGE: 20622 "时间戳超出有效期", None, 200, true, "timestamp 与服务器相差超过 5 分钟", "timestamp is more than 5 minutes off";
    NONCE_USED: 20623 "随机数重复", None, 200, true, "nonce 已经用过", "the nonce was used before";
    NOT_SIGNED_IN: 2401 "未登录或登录已失效", None, 200, false, "还没有登录", "not signed in";
    FORBIDDEN: 2403 "没有权限", None, 200, false, "没有权限", "may not do this";
    UNKNOWN_ACTION: 2404 "未知的action", None, 200, false, "没有这个 action，detail 列出相近的名称", "no such action; detail lists near names";
    CONFLICT: 2409 "数据已被他人修改", None, 200, false, "ifVersion 与当前版本不符；回复带有当前客户 customer 和改动过的字段 fields", "ifVersion does not match; the reply carries the current customer and the changed fields";
    NUMBER_BLOCKED: 2410 "号码在禁呼名单", None, 200, false, "号码在禁呼名单，不能外呼", "the number is on the list of those that are not to be called";
    DUPLICATE: 2411 "数据重复", Some("已存在相同的XXX"), 200, false, "公司的查重规则发现了相同的客户，可强制保存", "by the company's duplicate rule there is such a customer already; it can be saved all the same";
    NOT_IN_POOL: 2431 "客户已有归属", None, 200, false, "领取的客户已归属他人", "the customer was to be claimed, and is somebody's already";
    POOL_LIMIT: 2432 "归属客户数已达上限", None, 200, false, "领取后超过 [pool] customers_per_agent", "with one more the agent would have more customers than [pool] customers_per_agent";
    FRAME_FORM: 2422 "帧格式错误", Some("line XXX, column XXX"), 200, false, "帧不是一个 JSON 对象，给出行列", "the frame is no object; says line and column";
    FRAME_TOO_LARGE: 2413 "帧过大", None, 200, false, "帧超过 [limits] frame_bytes", "the frame is larger than [limits] frame_bytes";
    RESULT_TOO_LARGE: 2414 "结果过大", None, 200, false, "结果超过 [limits] result_bytes，请缩小范围", "the answer is larger than [limits] result_bytes: ask for less";
    INTERNAL: 2500 "系统内部错误", Some("XXX"), 200, true, "服务器内部错误，编号可在日志中查到", "a fault of the server; the log has the cause under this id";
    TIMED_OUT: 2504 "请求超时", None, 200, true, "超过 [limits] request_seconds，写操作结果未知，请用同一 requestId 重试；或搜索超过 [limits] search_seconds，请缩小范围", "took longer than [limits] request_seconds, and whether a write was made is unknown: send it again with the same requestId; or a search took longer than [limits] search_seconds: narrow it";
    SHUTTING_DOWN: 2503 "服务正在关闭", None, 200, true, "服务正在关闭，retryAfterMs 后重连", "shutting down; connect again after retryAfterMs";
    STORAGE: 2507 "存储不可用", Some("XXX"), 200, true, "磁盘已满、数据库只读或磁盘出错，exception 说明是哪一种；写操作没有确认，处理后用同一 requestId 重试", "the disk is full or fails, or the database is read-only; exception says which. A write is not confirmed: send it again with the same requestId when that is mended";
}

impl Error {
    /// A parameter of the wrong form; `detail` says which and what is expected.
    pub fn parameter(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Parameter { detail: detail.into() }
    }

    /// A parameter of the wrong form, told what it should be.
    #[must_use]
    pub fn expected(parameter: &str, zh: &str, en: &str) -> Self {
        Self::parameter(format!("{parameter}: 应为{zh} / expected {en}"))
    }

    /// A parameter that is none of the words that it may be.
    #[must_use]
    pub fn one_of(parameter: &str, words: &[&str]) -> Self {
        Self::parameter(format!(
            "{parameter}: 应为以下之一：{} / expected one of {}",
            words.join("、"),
            words.join(", ")
        ))
    }

    /// A refusal for want of rights; `detail` says what was claimed.
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Forbidden { detail: detail.into() }
    }

    /// A fault of ours: logs the cause and keeps only the id under which it is found.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        let id = uuid::Uuid::now_v7();
        tracing::error!(%id, %cause, "internal error");
        Self::Internal { id }
    }

    /// The refusal without the telephone numbers in it, for whoever may not see them.
    #[must_use]
    pub fn masked(self) -> Self {
        match self {
            Self::PhoneTaken { typed } => Self::PhoneTaken { typed: mask(&typed) },
            Self::Parameter { detail } => Self::Parameter { detail: mask_text(&detail).into_owned().into() },
            Self::Value { detail } => Self::Value { detail: mask_text(&detail).into_owned().into() },
            Self::Forbidden { detail } => Self::Forbidden { detail: mask_text(&detail).into_owned().into() },
            Self::InUse { detail } => Self::InUse { detail: mask_text(&detail).into_owned().into() },
            Self::IdTaken { id } => Self::IdTaken { id: mask_text(&id).into_owned() },
            Self::Invalid { mut faults } => {
                for fault in &mut faults {
                    if let Wrong::Rule(info) = &mut fault.wrong {
                        *info = mask_text(info).into_owned();
                    }
                }
                Self::Invalid { faults }
            }
            Self::NotInDictionary { given, field, names } => {
                Self::NotInDictionary { given: mask_text(&given).into_owned(), field, names }
            }
            Self::Conflict { customer, fields } => {
                let masked = serde_json::from_str(&mask_json(&customer.to_string()));
                Self::Conflict { customer: masked.unwrap_or(customer), fields }
            }
            other => other,
        }
    }

    /// The line of the table for this refusal.
    #[must_use]
    pub fn row(&self) -> &'static Row {
        match self {
            Self::RateLimited { .. } => &RATE_LIMITED,
            Self::CustomFieldMissing { .. } => &CUSTOM_FIELD_MISSING,
            Self::CustomerEmpty => &CUSTOMER_EMPTY,
            Self::Parameter { .. }
            | Self::Value { .. }
            | Self::Invalid { .. }
            | Self::IdTaken { .. }
            | Self::InUse { .. } => &PARAMETER,
            Self::Duplicate { .. } => &DUPLICATE,
            Self::PhoneTaken { .. } => &PHONE_TAKEN,
            Self::NumberBlocked => &NUMBER_BLOCKED,
            Self::OwnerUnknown | Self::OwnerDisabled { .. } => &OWNER_UNKNOWN,
            Self::OwnerWithoutGroup => &OWNER_WITHOUT_GROUP,
            Self::NotInPool => &NOT_IN_POOL,
            Self::PoolLimit { .. } => &POOL_LIMIT,
            Self::GroupUnknown => &GROUP_UNKNOWN,
            Self::OwnerNotInGroup => &OWNER_NOT_IN_GROUP,
            Self::NotInDictionary { .. } => &NOT_IN_DICTIONARY,
            Self::RequestIdUsed => &REQUEST_ID_USED,
            Self::Conflict { .. } => &CONFLICT,
            Self::ContentMissing => &CONTENT_MISSING,
            Self::NotFound => &NOT_FOUND,
            Self::NoNumber => &NO_NUMBER,
            Self::IdentifierType => &IDENTIFIER_TYPE,
            Self::PageSize { .. } => &PAGE_SIZE,
            Self::Page | Self::PageBeyondCeiling => &PAGE,
            Self::Signature => &SIGNATURE,
            Self::TimestampForm => &TIMESTAMP_FORM,
            Self::TimestampAge => &TIMESTAMP_AGE,
            Self::NonceUsed => &NONCE_USED,
            Self::NotSignedIn { .. } => &NOT_SIGNED_IN,
            Self::Forbidden { .. } => &FORBIDDEN,
            Self::UnknownAction { .. } => &UNKNOWN_ACTION,
            Self::FrameForm { .. } => &FRAME_FORM,
            Self::FrameTooLarge { .. } | Self::FileTooLarge { .. } => &FRAME_TOO_LARGE,
            Self::ResultTooLarge { .. } => &RESULT_TOO_LARGE,
            Self::TimedOut | Self::SearchTooLong => &TIMED_OUT,
            Self::Internal { .. } => &INTERNAL,
            Self::ShuttingDown { .. } => &SHUTTING_DOWN,
            Self::Storage { .. } => &STORAGE,
        }
    }

    /// `exception.message`, with what the request says in its place.
    #[must_use]
    pub fn exception(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::CustomFieldMissing { label } => format!("缺少自定义字段 {label}").into(),
            Self::Duplicate { field } => format!("已存在相同的{field}").into(),
            Self::PhoneTaken { typed } => format!("验证失败: 电话{typed}已经使用").into(),
            Self::NotInDictionary { given, field, .. } => format!("'{given}' is not a valid {field}").into(),
            Self::FrameForm { detail } => detail.as_str().into(),
            Self::Internal { id } => id.to_string().into(),
            Self::Storage { fault } => fault.text().into(),
            other => other.row().exception?.into(),
        })
    }

    /// How many requests the limit allows that was reached, if one was.
    #[must_use]
    pub fn most(&self) -> Option<u32> {
        match self {
            Self::RateLimited { most, .. } => Some(*most),
            _ => None,
        }
    }

    /// How long to wait before trying again, milliseconds.
    #[must_use]
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms, .. } | Self::ShuttingDown { retry_after_ms } => Some(*retry_after_ms),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.row().code, self.row().message)?;
        if let Some(exception) = self.exception() {
            write!(f, ": {exception}")?;
        }
        if let Some(detail) = self.detail() {
            write!(f, " ({detail})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<sqlx::Error> for Error {
    fn from(cause: sqlx::Error) -> Self {
        if let Some(fault) = StorageFault::of(&cause) {
            tracing::error!(%cause, "the storage takes no writes");
            return Self::Storage { fault };
        }
        match &cause {
            sqlx::Error::AnyDriverError(cause) if cause.is::<SearchTooLong>() => Self::SearchTooLong,
            // No connection was free in time, or the database gave the statement up.
            sqlx::Error::PoolTimedOut => Self::TimedOut,
            _ if is_interrupted(&cause) => Self::TimedOut,
            _ => Self::internal(&cause),
        }
    }
}

//! What a refusal says beside the documented texts, in Chinese and English: what is wrong and what is allowed.

use std::borrow::Cow;

use super::Error;
use crate::domain::plm::Fault;

/// Names of a dictionary that a refusal lists.
const LISTED: usize = 30;

/// Says what may stand in a field that holds an entry of a dictionary.
fn listed(field: &str, names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(LISTED).map(String::as_str).collect();
    let rest = if names.len() > LISTED { " …" } else { "" };
    if shown.is_empty() {
        return format!("{field}: 公司还没有设置可用的值 / the company has set up no values yet");
    }
    format!("{field}: 应为以下之一 / expected one of: {}{rest}", shown.join(", "))
}

/// What is wrong with fields, in the words of the system whose rules they break.
fn lines(faults: &[Fault]) -> String {
    faults.iter().map(Fault::line).collect::<Vec<_>>().join("\r\n")
}

impl Error {
    /// What helps a developer, beside the documented texts.
    #[must_use]
    pub fn detail(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Parameter { detail }
            | Self::Value { detail }
            | Self::NotSignedIn { detail }
            | Self::Forbidden { detail }
            | Self::InUse { detail } => detail.as_ref().into(),
            Self::Invalid { faults } => {
                let fields: Vec<&str> = faults.iter().map(|fault| fault.field).collect();
                format!("{} / not as their rules want them: {}", lines(faults), fields.join(", ")).into()
            }
            Self::IdTaken { id } => format!("id: {id} 已存在 / {id} exists already").into(),
            Self::NotInPool => "customerId: 已归属他人 / somebody looks after the customer already".into(),
            Self::PoolLimit { most } => format!("最多归属 {most} 个客户 / an agent has at most {most} customers").into(),
            Self::NumberBlocked => {
                "号码在禁呼名单，主管可移出 / the number is on the list of those that are not to be called; a supervisor can take it off".into()
            }
            Self::PageBeyondCeiling => {
                "最多 10000 条，请使用 export_customers / at most 10,000 rows: use export_customers".into()
            }
            Self::UnknownAction { near } if near.is_empty() => {
                "全部 action 见 /docs/asyncapi.json / all actions are in /docs/asyncapi.json".into()
            }
            Self::UnknownAction { near } => {
                format!("是否想写：{} / did you mean: {}", near.join("、"), near.join(", ")).into()
            }
            // Some say more than the setting.
            Self::RateLimited { why, .. } if why.contains(" / ") => (*why).into(),
            Self::RateLimited { why, most, .. } => {
                format!("超过 {why}（{most}），请稍后再试 / over {why} ({most}): try again later").into()
            }
            Self::SearchTooLong => {
                "搜索超过 [limits] search_seconds，请加筛选条件，或搜索更完整的名称、号码 / the search took longer than \
                 [limits] search_seconds: add filters, or more of the name or number"
                    .into()
            }
            Self::ResultTooLarge { limit } => {
                format!("最多 {limit} 字节（[limits] result_bytes） / at most {limit} bytes ([limits] result_bytes)")
                    .into()
            }
            Self::FileTooLarge { limit } => format!(
                "文件最多 {limit} 字节（[import] file_bytes）/ a file has at most {limit} bytes ([import] file_bytes)"
            )
            .into(),
            Self::FrameTooLarge { limit } => {
                format!("最多 {limit} 字节（[limits] frame_bytes）/ at most {limit} bytes ([limits] frame_bytes)")
                    .into()
            }
            Self::CustomFieldMissing { label } => format!("{label}: 必填 / is required").into(),
            Self::OwnerDisabled { login_no } => {
                format!("serviceNo: 工号 {login_no} 已停用 / operator {login_no} is disabled").into()
            }
            Self::NotInDictionary { field, names, .. } => listed(field, names).into(),
            Self::PageSize { most } => format!("page_size: 应为 1 到 {most} / expected 1 to {most}").into(),
            Self::FrameForm { .. } => {
                "应为一个 JSON 对象，如 {\"action\":\"ping\"} / expected one JSON object, such as {\"action\":\"ping\"}".into()
            }
            other => other.always()?.into(),
        })
    }

    /// Why, in Chinese and English, in words that every system can show.
    #[must_use]
    pub fn explained(&self) -> Cow<'_, str> {
        match self {
            Self::NotFound => "没有这样的客户 / there is no such customer".into(),
            Self::Internal { id } => {
                format!("服务器内部错误，日志中的编号是 {id} / a fault of the server; the log has it under {id}").into()
            }
            Self::NotSignedIn { .. } => "还没有登录，或登录已失效 / not signed in, or not any more".into(),
            other => other.detail().unwrap_or_else(|| {
                let row = other.row();
                format!("{} / {}", row.when_zh, row.when).into()
            }),
        }
    }

    /// All that there is to say, for systems that have one text for it.
    #[must_use]
    pub fn said(&self) -> String {
        let exception = match self {
            Self::Invalid { faults } => return lines(faults),
            // What all of them have in common is less than the detail says.
            Self::Parameter { .. } | Self::Value { .. } | Self::IdTaken { .. } | Self::InUse { .. } => None,
            other => other.exception(),
        };
        let said: Vec<Cow<'_, str>> = [exception, self.detail()].into_iter().flatten().collect();
        if said.is_empty() { self.row().message.to_owned() } else { said.join("; ") }
    }

    /// The same for refusals of which there is always the same to say.
    fn always(&self) -> Option<&'static str> {
        Some(match self {
            Self::CustomerEmpty => {
                "customer: 应为含有要保存的字段的对象 / expected an object with the fields to be stored"
            }
            Self::PhoneTaken { .. } => "本公司另一客户有这个号码 / another customer of the company has this number",
            Self::OwnerUnknown => "serviceNo: 应为本公司的工号 / expected a login number of the company",
            Self::OwnerWithoutGroup => "servicegroupId: 须与 serviceNo 一起给出 / is to come with serviceNo",
            Self::GroupUnknown => "应为本公司的部门编号 / expected the id of a group of the company",
            Self::OwnerNotInGroup => "serviceNo 应属于 servicegroupId / serviceNo is to belong to servicegroupId",
            Self::RequestIdUsed => "requestId: 已用于另一个请求，请换一个 / another request has it, take another",
            Self::Conflict { .. } => {
                "用 customer 里的 version 重试，或用 merge / send it again with the version in customer, or with merge"
            }
            Self::Duplicate { .. } => {
                "公司的查重规则发现了相同的客户，可强制保存 / by the company's duplicate rule there is such a customer already; it \
                 can be saved all the same"
            }
            Self::NoNumber => "里面没有号码，对方可能隐藏了号码 / there is no number in it: the caller may hide his",
            Self::ContentMissing => {
                "content: 应为要找的编号、姓名、电话或公司 / expected the id, name, number or company to look for"
            }
            Self::IdentifierType => {
                "type: 应为 id、custName、cellphone 或 companyName / expected id, custName, cellphone or companyName"
            }
            Self::Page => "page: 应为从 1 开始的整数 / expected an integer from 1 on",
            Self::Signature => {
                "sign: 应为 appid&令牌&timestamp 的 SHA-256（小写十六进制），或按 sign_version=v2 签名，见 docs/dialects/cti.md / \
                 expected the SHA-256 of appid&token&timestamp in lower-case hex, or a signature of sign_version=v2: see docs/dialects/cti.md"
            }
            Self::TimestampForm => {
                "timestamp: 应为 1970 年以来的秒数，如 1767225600 / expected the seconds since 1970, such as 1767225600"
            }
            Self::TimestampAge => {
                "timestamp: 与服务器的时间最多相差 300 秒 / may be at most 300 seconds from the server's time"
            }
            Self::NonceUsed => "nonce: 每次调用须不同 / is to be another one with every call",
            Self::TimedOut => {
                "超过 [limits] request_seconds；写操作可能已完成，请用同一 requestId 重试 / longer than [limits] request_seconds; a write \
                 may have been made: send it again with the same requestId"
            }
            Self::ShuttingDown { .. } => "请在 retryAfterMs 毫秒后重新连接 / connect again after retryAfterMs",
            _ => return None,
        })
    }
}

//! `feeds`: the history of a customer in the five shapes of the document.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::find::{Meta, identifier, page_number};
use crate::domain::change::Line;
use crate::domain::feed::FeedKind;
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::customer::{find, history};
use crate::protocol::lenient::Scalar;
use crate::store::rows::FeedRow;

parameters! {
    #[derive(Debug, Deserialize, JsonSchema)]
    pub struct Feeds<'a>: customer {
        /// Ticket, `CustomerFollowUp`, `CallLog`, `TextMsgLog`, Alternation or All.
        #[serde(borrow)]
        #[schemars(required)]
        feed_type: Option<Scalar<'a>>,
        /// From 1.
        #[serde(borrow, default)]
        page: Option<Scalar<'a>>,
        /// 1 to 100, otherwise 20.
        #[serde(borrow, default)]
        page_size: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct FeedList {
    feeds: Vec<FeedItem>,
    meta: Meta,
}

/// An item of a history; times in ISO 8601 with milliseconds and offset.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "feed_type")]
pub enum FeedItem {
    Ticket {
        id: i64,
        title: String,
        content: String,
        #[serde(rename = "custId")]
        cust_id: i64,
        #[serde(rename = "upLoginNo")]
        up_login_no: String,
        status_zh_name: String,
        urgency: String,
        #[serde(rename = "opTime")]
        op_time: String,
    },
    CustomerFollowUp {
        id: i64,
        /// 工号_名称
        #[serde(rename = "loginNo")]
        login_no: String,
        #[serde(rename = "FollowUpContent")]
        follow_up_content: String,
        #[serde(rename = "dealFlag")]
        deal_flag: Option<String>,
        created_at: String,
    },
    #[serde(rename_all = "camelCase")]
    CallLog {
        id: i64,
        call_type: String,
        follow_up_content: String,
        /// Seconds.
        call_duration: i64,
        created_time: String,
    },
    #[serde(rename_all = "camelCase")]
    TextMsgLog {
        id: i64,
        phone: String,
        content: String,
        /// in or out
        direction: String,
        status: String,
        created_time: String,
    },
    Alternation {
        time: String,
        author: Author,
        /// One field a line.
        summary: String,
    },
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    login_no: String,
    login_name: String,
}

pub async fn feeds(cx: &Cx<'_>, request: Feeds<'_>) -> Result<FeedList, Error> {
    let kinds = request.feed_type.as_ref().and_then(Scalar::text).and_then(|name| FeedKind::select(&name)).ok_or_else(
        || Error::one_of("feed_type", &["Ticket", "CustomerFollowUp", "CallLog", "TextMsgLog", "Alternation", "All"]),
    )?;
    let identifier = identifier(request.r#type.as_ref(), request.content)?;
    let size = match &request.page_size {
        None => history::PAGE_SIZE,
        Some(size) if size.is_empty() => history::PAGE_SIZE,
        Some(size) => size.integer().ok_or(Error::PageSize { most: history::MOST_PAGE_SIZE })?,
    };
    if !(1..=history::MOST_PAGE_SIZE).contains(&size) {
        return Err(Error::PageSize { most: history::MOST_PAGE_SIZE });
    }
    let number = page_number(request.page.as_ref())?;
    let customer = find::find_one(cx, &identifier).await?;
    let page = history::page(cx, customer, kinds, number, size).await?;
    Ok(FeedList {
        feeds: page.items.into_iter().map(|row| item(cx, customer, row)).collect::<Result<_, _>>()?,
        meta: Meta::new(page.number, page.size, page.total),
    })
}

/// Returns an item as it is shown.
pub fn item(cx: &Cx<'_>, customer: i64, row: FeedRow) -> Result<FeedItem, Error> {
    let time = times::to_iso(row.at, &cx.catalogue.company.time_zone);
    let kind = FeedKind::parse(&row.kind).ok_or_else(|| Error::internal(&format!("feed kind {}", row.kind)))?;
    let text = Option::unwrap_or_default;
    Ok(match kind {
        FeedKind::Ticket => FeedItem::Ticket {
            id: row.id,
            title: text(row.t1),
            content: text(row.t2),
            cust_id: customer,
            up_login_no: text(row.t3),
            status_zh_name: text(row.t4),
            urgency: text(row.t5),
            op_time: time,
        },
        FeedKind::CustomerFollowUp => FeedItem::CustomerFollowUp {
            id: row.id,
            login_no: format!("{}_{}", text(row.t1), text(row.t2)),
            follow_up_content: text(row.t3),
            deal_flag: row.t4.map(|value| cx.catalogue.flags.name_of(&value).to_owned()),
            created_at: time,
        },
        FeedKind::CallLog => FeedItem::CallLog {
            id: row.id,
            call_type: text(row.t1),
            follow_up_content: text(row.t2),
            call_duration: text(row.t3).parse().unwrap_or(0),
            created_time: time,
        },
        FeedKind::TextMsgLog => FeedItem::TextMsgLog {
            id: row.id,
            phone: text(row.t1),
            content: text(row.t2),
            direction: text(row.t3),
            status: text(row.t4),
            created_time: time,
        },
        FeedKind::Alternation => {
            let lines: Vec<Line> = serde_json::from_str(&text(row.t3)).map_err(|cause| Error::internal(&cause))?;
            FeedItem::Alternation {
                time,
                author: Author { login_no: text(row.t1), login_name: text(row.t2) },
                summary: lines.iter().map(Line::summary).collect::<Vec<_>>().join("\n"),
            }
        }
    })
}

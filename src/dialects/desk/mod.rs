//! Our own actions: signing in, being told what happens, and what a desktop needs of customers beside the documented ones.

mod details;
mod imports;
mod live;
mod number;
mod recycle;

pub use super::cti::http;
use crate::protocol::envelope::success as answer;
pub use live::too_many_topics;
pub use number::Whence;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::dialects::cti::identifier;
use crate::dialects::members::{Answers, Names, Reading, Unknown};
use crate::domain::customer::CustomerPhone;
use crate::domain::times;
use crate::error::Error;
use crate::ops::Cx;
use crate::ops::access::reveal;
use crate::protocol::lenient::Scalar;

/// A slip of the pen is no leave to do the rest: it could reset what was to be changed.
pub const READING: Reading = Reading { unknown: Unknown::Refused, names: Names::Folded, answers: Answers::Envelope };

operations! { Desk:
    /// 检查连接是否可用，登录前也可以调用。
    /// Answers at once, also before sign-in: shows that the socket is alive.
    Ping = "ping", read by Anybody => ping(Ping) -> json Pong;

    /// 登录：工号和密码、令牌，或应用签名。之后该连接上的请求都以此身份执行。
    /// Signs the socket in with login number and password, a token or an app's signature; what follows on it is done in that name.
    Login = "login", write by Anybody => login(Login<'_>) -> json SignedIn;

    /// 退出登录：连接保持打开，可以重新登录。
    /// Signs the socket out; it stays open and can be signed in again.
    Logout = "logout", write by Agent => logout(Logout) -> json SignedOut;

    /// 显示一个被隐藏的电话号码，并写入审计。
    /// Shows one masked phone number, and writes down who asked.
    RevealPhone = "reveal_phone", read by Agent => reveal_phone(RevealPhone<'_>) -> json PhoneShown;

    /// 修改只有某一个系统才有的客户资料，如客户详情、CRM 客户信息的联系人和地址。
    /// Changes what only one documented system knows of a customer.
    PutDetails = "put_details", write by Agent => details::put_details(details::PutDetails<'_>) -> json details::Details;

    /// 显示只有某一个系统才有的客户资料。
    /// Shows what only one documented system knows of a customer.
    GetDetails = "get_details", read by Agent => details::get_details(details::GetDetails<'_>) -> json details::Details;

    /// 订阅：之后客户的变化会推送到此连接；给出上次的位置则先补发错过的。
    /// Has changes of customers pushed to this socket from now on; those that were missed first, when told where the client was.
    Subscribe = "subscribe", read by Agent => live::subscribe(live::Subscribe<'_>) -> live live::Subscribed;

    /// 取消订阅，不给 topics 时取消全部。
    /// Has no more of these topics pushed, or nothing at all.
    Unsubscribe = "unsubscribe", read by Agent => live::unsubscribe(live::Unsubscribe<'_>) -> live live::Unsubscribed;

    /// 查询一个号码的类型、归属地和运营商，不查客户。
    /// Tells what sort of number this is and where it is from, whoever's it is.
    GetNumber = "get_number" [GET "/open_api/numbers/get_number"], read by Agent
        => number::get_number(number::GetNumber<'_>) -> json number::NumberShown;

    /// 回收站里的客户，最近删除的在前，每页 20 条。
    /// Lists deleted customers that can be restored, the last deleted first, 20 a page.
    ListDeleted = "list_deleted" [GET "/open_api/customers/deleted"], list by Supervisor
        => recycle::list_deleted(recycle::ListDeleted<'_>) -> json recycle::DeletedList;

    /// 从回收站恢复客户；已被其他客户占用的号码会列出来，其余全部恢复。
    /// Restores a deleted customer with all that was known of it; numbers that are another's now are told.
    RestoreCustomer = "restore_customer" [POST "/open_api/customers/restore"], write by Supervisor
        => recycle::restore_customer(recycle::RestoreCustomer<'_>) -> json recycle::CustomerRestored;

    /// 上传文件，保留一小时；通过 WebSocket 时返回已上传文件的信息。
    /// Takes a file, which is kept for an hour; over the socket, shows one that was uploaded.
    UploadFile = "upload_file" [POST "/open_api/files"], upload by Supervisor
        => imports::upload_file(imports::UploadFile<'_>) -> json imports::FileUploaded;

    /// 导入客户（后台进行）：新建、更新、跳过，或试运行；立即返回编号。
    /// Begins to import customers from a table, or to try what would become of its rows, and answers with the import's id.
    ImportCustomers = "import_customers" [POST "/open_api/customers/import"], upload by Supervisor
        => imports::import_customers(imports::ImportCustomers<'_>) -> json imports::ImportShown;

    /// 导入的进度和结果。
    /// Shows how far an import is, and what it has come to.
    GetImport = "get_import" [GET "/open_api/customers/import"], read by Supervisor
        => imports::get_import(imports::OneImport<'_>) -> json imports::ImportShown;

    /// 取消导入：随即结束，已导入的行保留。
    /// Ends an import where it is; what it has imported stays.
    CancelImport = "cancel_import" [DELETE "/open_api/customers/import"], write by Supervisor
        => imports::cancel_import(imports::CancelImport<'_>) -> json imports::ImportShown;

    /// 下载未导入的行（含错误信息列）。
    /// Sends a workbook of the rows that failed, with the reasons.
    GetImportErrors = "get_import_errors" [GET "/open_api/customers/import_errors"], read by Supervisor
        => imports::get_import_errors(imports::OneImport<'_>) -> file;
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Ping {}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Pong {
    /// The server's time, ISO 8601.
    pub time: String,
}

async fn ping(cx: &Cx<'_>, _: Ping) -> Result<Pong, Error> {
    Ok(pong(cx.now))
}

/// The answer to a ping at this time.
#[must_use]
pub fn pong(now: i64) -> Pong {
    Pong { time: times::to_iso(now, &jiff::tz::TimeZone::UTC) }
}

/// Either `token`, or `loginno`, `companyId` and `password`, or `appid`, `timestamp` and `sign`. The login number and the company, where they are
/// given, must be those that the credential is for.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("anyOf" = [{ "required": ["token"] }, { "required": ["password"] }, { "required": ["appid", "timestamp", "sign"] }]))]
pub struct Login<'a> {
    #[serde(borrow, default)]
    pub token: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub password: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub appid: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub timestamp: Option<Scalar<'a>>,
    #[serde(borrow, default)]
    pub sign: Option<Scalar<'a>>,
}

impl Login<'_> {
    /// The members of an app's signature, as they stand in a signed query.
    #[must_use]
    pub fn signature(&self) -> Vec<(String, String)> {
        [("appid", &self.appid), ("timestamp", &self.timestamp), ("sign", &self.sign)]
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.as_ref()?.text()?.into_owned())))
            .collect()
    }
}

parameters! {
    /// Which phone of which customer.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub struct RevealPhone<'a>: customer {
        /// The `id` in the customer's `cellphones`; may be left out when there is just one.
        #[serde(borrow, default)]
        phone_id: Option<Scalar<'a>>,
    }
}

#[derive(Serialize, JsonSchema)]
pub struct PhoneShown {
    result: PhoneBody,
}

#[derive(Serialize, JsonSchema)]
struct PhoneBody {
    id: i64,
    content: String,
}

async fn reveal_phone(cx: &Cx<'_>, request: RevealPhone<'_>) -> Result<PhoneShown, Error> {
    let customer = identifier(request.r#type.as_ref(), request.content)?;
    let wrong = || Error::expected("phoneId", "整数", "an integer");
    let phone = request.phone_id.filter(|id| !id.is_empty()).map(|id| id.integer().ok_or_else(wrong)).transpose()?;
    let CustomerPhone { id, content } = reveal::phone(cx, &customer, phone).await?;
    Ok(PhoneShown { result: PhoneBody { id, content } })
}

/// Nothing is asked.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct Logout {}

/// Nobody.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignedOut {}

/// Answers only: the session forgets who it was once this has been answered.
async fn logout(_: &Cx<'_>, _: Logout) -> Result<SignedOut, Error> {
    Ok(SignedOut {})
}

/// Who the socket is now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    pub company_id: i64,
    pub company_name: String,
    pub login_no: String,
    pub login_name: String,
    pub role: Option<String>,
    pub groups: Vec<i64>,
}

/// Says who signed in; the session has checked the credential before.
async fn login(cx: &Cx<'_>, _: Login<'_>) -> Result<SignedIn, Error> {
    let operator = cx.caller.operator.as_ref();
    Ok(SignedIn {
        company_id: cx.caller.company,
        company_name: cx.catalogue.company.name.clone(),
        login_no: cx.caller.login_no().to_owned(),
        login_name: cx.caller.name().to_owned(),
        role: operator.map(|operator| operator.role.name().to_owned()),
        groups: operator.map(|operator| operator.groups.clone()).unwrap_or_default(),
    })
}

//! Our own actions: what admins set up for their company.

mod audit;
mod company;
mod products;
mod setup;
mod webhooks;

pub use super::cti::http;
pub use super::desk::READING;
use crate::protocol::envelope::success as answer;

operations! { Admin:
    /// 公司的全部设置：部门、工号、应用、字典、任务、自定义字段、权限。
    /// Shows what the company has set up.
    ShowCompany = "show_company" [GET "/open_api/admin/show_company"], read by Admin => company::show_company(company::ShowCompany) -> json company::CompanyShown;

    /// 修改公司的名称、时区、国家。
    /// Changes the company's name, time zone or country.
    PutCompany = "put_company" [POST "/open_api/admin/put_company"], write by Admin => setup::put_company(setup::PutCompany) -> json setup::Done;

    /// 新建或修改部门。
    /// Creates or renames a group.
    PutGroup = "put_group" [POST "/open_api/admin/put_group"], write by Admin => setup::put_group(setup::PutNamed) -> json setup::Done;

    /// 新建或修改工号：姓名、角色、部门、密码。
    /// Creates or changes an operator.
    PutOperator = "put_operator" [POST "/open_api/admin/put_operator"], write by Admin => setup::put_operator(setup::PutOperator) -> json setup::Done;

    /// 设置工号的密码；用旧密码登录的连接随即关闭。
    /// Sets an operator's password; sockets signed in with the old one are closed.
    SetPassword = "set_password" [POST "/open_api/admin/set_password"], write by Admin => setup::set_password(setup::SetPassword) -> json setup::Done;

    /// 停用工号，其连接在一秒内关闭。
    /// Stops an operator from signing in, and closes his sockets within a second.
    DisableOperator = "disable_operator" [POST "/open_api/admin/disable_operator"], write by Admin => setup::disable_operator(setup::OneOperator) -> json setup::Done;

    /// 重新启用工号。
    /// Lets an operator sign in again.
    EnableOperator = "enable_operator" [POST "/open_api/admin/enable_operator"], write by Admin => setup::enable_operator(setup::OneOperator) -> json setup::Done;

    /// 新建应用，返回一次令牌。
    /// Creates an app and tells its token, once.
    PutApp = "put_app" [POST "/open_api/admin/put_app"], write by Admin => setup::put_app(setup::PutApp) -> json setup::AppToken;

    /// 更换应用的令牌；用旧令牌登录的连接在一秒内关闭。
    /// Gives an app another token; what is signed in with the old one is closed within a second.
    RotateApp = "rotate_app" [POST "/open_api/admin/rotate_app"], write by Admin => setup::rotate_app(setup::RotateApp) -> json setup::AppToken;

    /// 更换公司签发令牌的密钥：此前签发的令牌全部失效。
    /// Replaces the secret of the company's tokens: none issued before is good.
    RotateTokens = "rotate_tokens" [POST "/open_api/admin/rotate_tokens"], write by Admin => setup::rotate_tokens(setup::RotateTokens) -> json setup::Done;

    /// 新建或修改字典项：客户类型、客户状态、客户来源。
    /// Creates or changes a customer type, deal flag or source.
    PutDictionaryItem = "put_dictionary_item" [POST "/open_api/admin/put_dictionary_item"], write by Admin
        => setup::put_dictionary_item(setup::PutDictionaryItem<'_>) -> json setup::Done;

    /// 新建或修改客户任务。
    /// Creates or renames a customer task.
    PutTask = "put_task" [POST "/open_api/admin/put_task"], write by Admin => setup::put_task(setup::PutNamed) -> json setup::Done;

    /// 新建或修改自定义字段。
    /// Defines a custom field.
    PutCustomField = "put_custom_field" [POST "/open_api/admin/put_custom_field"], write by Admin => setup::put_custom_field(setup::PutCustomField) -> json setup::Done;

    /// 新建产品（iBiz PLM），或改名。
    /// Creates or renames a product of iBiz PLM.
    PutProduct = "put_product" [POST "/open_api/admin/put_product"], write by Admin => products::put_product(products::PutProduct) -> json setup::Done;

    /// 设置工号在产品中的角色：admin、user、reader，空为移除。
    /// Makes an operator admin, user or reader of a product, or no member any more.
    PutProductMember = "put_product_member" [POST "/open_api/admin/put_product_member"], write by Admin
        => products::put_product_member(products::PutProductMember) -> json setup::Done;

    /// 调整角色的权限：可见范围、电话隐藏、导出、删除、各个 action。
    /// Adjusts what a role sees and may do.
    PutRights = "put_rights" [POST "/open_api/admin/put_rights"], write by Admin => setup::put_rights(setup::PutRights) -> json setup::Done;

    /// 新建或修改 webhook：把事件推送到其他系统；新建时返回一次签名密钥。
    /// Sends events to another system, or others from now on; tells the secret of a new webhook, once.
    PutWebhook = "put_webhook" [POST "/open_api/admin/put_webhook"], write by Supervisor => webhooks::put_webhook(webhooks::PutWebhook) -> json webhooks::WebhookSecret;

    /// 更换 webhook 的签名密钥，立即生效。
    /// Gives a webhook another secret, which signs from then on.
    RotateWebhook = "rotate_webhook" [POST "/open_api/admin/rotate_webhook"], write by Supervisor => webhooks::rotate_webhook(webhooks::OneWebhook) -> json webhooks::WebhookSecret;

    /// 删除 webhook 及其投递记录。
    /// Removes a webhook with what was sent to it.
    DeleteWebhook = "delete_webhook" [POST "/open_api/admin/delete_webhook"], write by Supervisor => webhooks::delete_webhook(webhooks::OneWebhook) -> json setup::Done;

    /// 公司的 webhook。
    /// Lists the webhooks.
    ListWebhooks = "list_webhooks" [GET "/open_api/admin/list_webhooks"], read by Supervisor => webhooks::list_webhooks(webhooks::ListWebhooks) -> json webhooks::WebhookList;

    /// webhook 的投递记录，最新的在前：状态、次数、对方的回答。
    /// Lists what was sent to a webhook, the last first: its state, how often it was tried, what was answered.
    ListDeliveries = "list_deliveries" [GET "/open_api/admin/list_deliveries"], list by Supervisor => webhooks::list_deliveries(webhooks::ListDeliveries) -> json webhooks::DeliveryList;

    /// 立即重新投递一条。
    /// Sends one again at once.
    Redeliver = "redeliver" [POST "/open_api/admin/redeliver"], write by Supervisor => webhooks::redeliver(webhooks::Redeliver) -> json webhooks::Redelivered;

    /// 审计记录，最新的在前：登录、拒绝、设置、导出、显示电话、删除；主管可看本人所在部门的工号。
    /// Lists who signed in, was refused, changed settings, exported, revealed or deleted, newest first; for supervisors, of the
    /// operators of their groups.
    ListAudit = "list_audit" [GET "/open_api/admin/list_audit"], list by Supervisor => audit::list_audit(audit::ListAudit) -> json audit::AuditLines;
}

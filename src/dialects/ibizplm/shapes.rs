//! What requests may hold, and the smaller replies. Requests are read as they are given (see `input.rs`), because
//! absent and null differ; these types say what may be in them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::dialects::Headers;
use crate::protocol::lenient::Scalar;

/// The members that clients write. What the server writes, such as `create_time`, is ignored.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema is used")]
struct Writable {
    /// Needed for a new customer.
    #[schemars(length(max = 500))]
    name: Option<String>,
    scale: Option<i32>,
    description: Option<String>,
    logo: Option<String>,
    /// L0 to L4.
    grade_id: Option<String>,
    /// 10 to 90.
    industry_id: Option<String>,
    /// Ids, joined by commas.
    categories: Option<String>,
    categories_name: Option<String>,
    product_id: Option<String>,
    /// A login number.
    assignee_id: Option<String>,
    is_archived: Option<i32>,
    is_deleted: Option<i32>,
    /// All who are to follow the customer.
    attentions: Option<Vec<Follower>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmFollower")]
#[expect(dead_code, reason = "only the schema is used")]
struct Follower {
    user_id: String,
    name: Option<String>,
    /// 10, 20, 30 or 40 (the default).
    r#type: Option<String>,
}

/// What some operations take beside the customer.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only the schema is used")]
struct Beside {
    principal_id: Option<String>,
    principal_type: Option<String>,
    target_type: Option<String>,
    srfactionparam: Option<Vec<Element>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmElement")]
#[expect(dead_code, reason = "only the schema is used")]
struct Element {
    id: Option<String>,
    categories: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmInProduct")]
#[expect(dead_code, reason = "only the schema is used")]
struct InProduct {
    /// The product; without one, all customers are meant.
    pkey: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmKeyed")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct Keyed {
    /// The customer's id.
    key: String,
    #[schemars(flatten)]
    product: InProduct,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmCustomer")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct AnyCustomer {
    /// At most 100 characters; otherwise the server gives one.
    id: Option<String>,
    #[schemars(flatten)]
    product: InProduct,
    #[schemars(flatten)]
    customer: Writable,
    #[schemars(flatten)]
    beside: Beside,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmNewCustomers")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct NewCustomers {
    #[schemars(flatten)]
    one: AnyCustomer,
    /// Several customers in place of one, created one after the other. Over HTTP the body is this list itself.
    customers: Option<Vec<AnyCustomer>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmKeyedCustomers")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct KeyedCustomers {
    #[schemars(flatten)]
    one: KeyedCustomer,
    /// One for each of several keys. Over HTTP the body is this list itself.
    customers: Option<Vec<AnyCustomer>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmKeyedCustomer")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct KeyedCustomer {
    #[schemars(flatten)]
    keyed: Keyed,
    #[schemars(flatten)]
    customer: Writable,
    #[schemars(flatten)]
    beside: Beside,
}

/// All filters together; null and the empty text are no filter.
#[derive(JsonSchema)]
#[schemars(rename = "PlmFilters")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct Filters {
    #[schemars(flatten)]
    product: InProduct,
    /// From 0.
    page: Option<i64>,
    /// 20 unless it is given, at most 1000.
    size: Option<i64>,
    /// In the place of page × size.
    offset: Option<i64>,
    /// false: how many there are is not asked.
    count: Option<bool>,
    /// Such as `name,desc;create_time,asc`.
    sort: Option<String>,
    /// A part of the name.
    query: Option<String>,
    n_id_eq: Option<String>,
    n_name_like: Option<String>,
    n_grade_id_eq: Option<String>,
    n_industry_id_eq: Option<String>,
    n_assignee_id_eq: Option<String>,
    n_product_id_eq: Option<String>,
    n_product_name_eq: Option<String>,
    n_product_name_like: Option<String>,
    n_categorys_like: Option<String>,
    /// Whatever it is: those without categories.
    n_categorys_isnull: Option<String>,
    /// All of these; a group of some or others is one of them.
    searchconds: Option<Vec<Condition>>,
    /// Only those with these values, joined by commas, of the field `srfexportdatakey`.
    srfkeys: Option<String>,
    /// The id unless it is given.
    srfexportdatakey: Option<String>,
    /// `product`: the list is that of the product `srfparentkey`.
    srfparentdename: Option<String>,
    srfparentkey: Option<String>,
    /// Of the two lists that an idea narrows: the idea.
    principal_id: Option<String>,
    /// Of the list that a comment narrows: the id of a follow-up.
    #[schemars(with = "Option<Scalar<'static>>")]
    id: Option<String>,
}

/// A condition on a field, or a group of conditions.
#[derive(JsonSchema)]
#[schemars(rename = "PlmCondition")]
#[expect(dead_code, reason = "only the schema is used")]
struct Condition {
    /// DEFIELD (a field), GROUP, or ITEMS (several conditions on one field).
    condtype: Option<String>,
    /// A field of the list, such as name, `grade_id` or `create_time`.
    fieldname: Option<String>,
    /// Of a field EQ, NOTEQ, LIKE, LEFTLIKE (begins with), RIGHTLIKE (ends with), IN, NOTIN, GT, GTANDEQ, LT, LTANDEQ,
    /// ISNULL or ISNOTNULL; of a group AND (unless it is given) or OR.
    condop: Option<String>,
    /// A text or a number; of IN and NOTIN a list, or a text with commas.
    value: Option<serde_json::Value>,
    /// Whether the opposite is meant.
    notmode: Option<bool>,
    /// As `notmode`.
    bnotmode: Option<bool>,
    /// At most 100 in all, in groups of at most eight levels.
    searchconds: Option<Vec<Condition>>,
}

/// Customers to be printed.
#[derive(JsonSchema)]
#[schemars(rename = "PlmPrinted")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct Printed {
    #[schemars(flatten)]
    keyed: Keyed,
    /// `print_customer`, also when it is empty.
    srfprinttag: Option<String>,
    /// PDF (the default), HTML or EXCEL.
    srfcontenttype: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmReported")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct Reported {
    #[schemars(flatten)]
    product: InProduct,
    /// `report_customer`, also when it is empty.
    srfreporttag: Option<String>,
    /// PDF (the default), HTML or EXCEL.
    srfcontenttype: Option<String>,
}

/// A list to be exported.
#[derive(JsonSchema)]
#[schemars(rename = "PlmExported")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct Exported {
    /// fetchdefault, fetchnormal, …
    param: String,
    /// This customer alone.
    key: Option<String>,
    /// `export_customer`, also when it is empty.
    srfexporttag: Option<String>,
    /// Another list than `param`.
    srfexportdataset: Option<String>,
    #[schemars(flatten)]
    filters: Filters,
}

/// A page; over HTTP the headers tell which, and how many there are.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Fetched<T> {
    pub rows: Vec<T>,
    #[serde(skip)]
    pub headers: Headers,
}

impl<T> Fetched<T> {
    pub const HEADERS: &[(&str, &str)] = &[
        ("x-page", "第几页，从 0 开始 / which page, from 0"),
        ("x-per-page", "每页条数 / the rows of a page"),
        ("x-total", "总数，count 为 false 时没有 / how many there are, unless count is false"),
        ("x-total-pages", "总页数，count 为 false 时没有 / how many pages there are, unless count is false"),
    ];

    pub fn headers(&mut self) -> Headers {
        std::mem::take(&mut self.headers)
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmAssignee")]
pub struct Assignee {
    pub id: String,
    pub assignee_id: Option<String>,
    pub assignee_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmCounters")]
pub struct Ticked {
    pub customer_re_ticket: i64,
}

/// A file with customers: over HTTP the part `file` of a form; over the socket, the id of one that was uploaded.
#[derive(JsonSchema)]
#[schemars(rename = "PlmImportFile")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct ImportFile {
    #[schemars(flatten)]
    product: InProduct,
    /// `import_customer`, also when it is empty.
    srfimporttag: Option<String>,
    /// What `POST /files` answered with.
    srfossfileid: Option<String>,
    /// What `POST /importschemas` answered with; the titles are those of the template without it.
    srfimportschemaid: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmTagged")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct Tagged {
    #[schemars(flatten)]
    product: InProduct,
    /// `import_customer`, also when it is empty.
    srfimporttag: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmAsyncKey")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct AsyncKey {
    asyncactionid: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "PlmFileKey")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct FileKey {
    /// What `POST /files` answered with.
    srfossfileid: Option<String>,
}

/// Which column of a company's own workbooks is which field.
#[derive(JsonSchema)]
#[schemars(rename = "PlmImportSchema")]
#[expect(dead_code, reason = "only the schema is used")]
pub struct ImportSchema {
    #[schemars(flatten)]
    product: InProduct,
    name: Option<String>,
    /// Titles, or numbers of columns from 1, with name, assignee_name, assignee_id, grade_id, scale, industry_id,
    /// description, phone, or the name of a custom field.
    columns: BTreeMap<String, String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmImportSchemaShown")]
pub struct SchemaShown {
    /// For `srfimportschemaid`.
    pub id: String,
    pub name: String,
    pub columns: BTreeMap<String, String>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmUploaded")]
pub struct Uploaded {
    /// For `srfossfileid`.
    pub id: String,
    pub name: String,
    /// Bytes.
    pub size: i64,
    /// Until when it is kept.
    pub expires: String,
}

/// Work that goes on after its answer; some names are spelt as the document spells them.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmAsyncAction")]
pub struct AsyncAction {
    pub actiontype: String,
    pub srfdcid: Option<String>,
    pub updateman: Option<String>,
    pub fulltopictag: Option<String>,
    /// 10 waiting, 20 at work, 30 done, 40 failed.
    pub actionstate: i64,
    pub dcsystemid: Option<String>,
    pub createdate: Option<String>,
    pub asyncacitonid: String,
    pub asyncacitonname: String,
    pub actionparam2: Option<String>,
    pub createman: Option<String>,
    pub updatedate: Option<String>,
    pub actionparam: Option<String>,
    /// Per cent.
    pub completionrate: i64,
    pub stepinfo: String,
    pub actionresult: Option<ImportResult>,
}

/// What a job has come to.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmImportResult")]
pub struct ImportResult {
    pub total: u32,
    pub success: u32,
    pub failed: u32,
    /// The first mistakes.
    pub errorinfo: Vec<Mistake>,
    /// Why not everything could be tried.
    pub message: Option<String>,
    /// A workbook of the rows that failed, under /ossfiles/{id}.
    pub errorfile: Option<ErrorFile>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmImportMistake")]
pub struct Mistake {
    pub row: u32,
    pub message: String,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlmErrorFile")]
pub struct ErrorFile {
    pub id: String,
    pub name: String,
}

//! The texts that clients compare byte for byte, as the protocol's documentation prints them.

use laidian::error::{Error, TABLE};

const UNKNOWN: &str = "未知错误";
const WRONG_TYPE: &str = "无效的唯一标识符类型";
const NOBODY: &str = "Couldn't find Customer";

/// Code, message and `exception.message`; XXX stands for what the request says.
const FROZEN: [(i64, &str, Option<&str>); 36] = [
    (429, "api接口超过请求限制", None),
    (2000, UNKNOWN, Some("缺少自定义字段 XXX")),
    (2000, UNKNOWN, Some("param is missing or the value is empty: customer")),
    (2000, UNKNOWN, Some("不正确的参数格式")),
    (2000, UNKNOWN, Some("验证失败: 电话XXX已经使用")),
    (2000, UNKNOWN, Some("找不到归属工号")),
    (2000, UNKNOWN, Some("归属工号存在但归属部门不存在")),
    (2000, UNKNOWN, Some("公司无此部门")),
    (2000, UNKNOWN, Some("员工不属于该部门")),
    (2000, UNKNOWN, Some("'xxx' is not a valid custtype")),
    (2000, UNKNOWN, Some("requestId已被使用")),
    (2000, WRONG_TYPE, Some(NOBODY)),
    (2005, "没有找到该资源", Some(NOBODY)),
    (2006, "没有号码", None),
    (2060, WRONG_TYPE, Some(WRONG_TYPE)),
    (206211, "参数page_size不合法", None),
    (206201, "参数page不合法", None),
    (2059, "签名错误", None),
    (20621, "时间戳格式错误", None),
    (20622, "时间戳超出有效期", None),
    (20623, "随机数重复", None),
    (2401, "未登录或登录已失效", None),
    (2403, "没有权限", None),
    (2404, "未知的action", None),
    (2409, "数据已被他人修改", None),
    (2410, "号码在禁呼名单", None),
    (2411, "数据重复", Some("已存在相同的XXX")),
    (2431, "客户已有归属", None),
    (2432, "归属客户数已达上限", None),
    (2422, "帧格式错误", Some("line XXX, column XXX")),
    (2413, "帧过大", None),
    (2414, "结果过大", None),
    (2500, "系统内部错误", Some("XXX")),
    (2504, "请求超时", None),
    (2503, "服务正在关闭", None),
    (2507, "存储不可用", Some("XXX")),
];

#[test]
fn the_table_is_frozen() {
    let table: Vec<_> = TABLE.iter().map(|row| (row.code, row.message, row.exception)).collect();
    assert_eq!(table, FROZEN);
}

#[test]
fn exceptions_say_what_the_request_said() {
    for (error, exception) in [
        (Error::CustomFieldMissing { label: "消费情况".into() }, "缺少自定义字段 消费情况"),
        (Error::PhoneTaken { typed: "138-8888 8888".into() }, "验证失败: 电话138-8888 8888已经使用"),
        (Error::Duplicate { field: "accountName" }, "已存在相同的accountName"),
        (
            Error::NotInDictionary { given: "贵宾".into(), field: "custtype", names: Vec::new() },
            "'贵宾' is not a valid custtype",
        ),
        (
            Error::NotInDictionary { given: "9".into(), field: "dealflag", names: Vec::new() },
            "'9' is not a valid dealflag",
        ),
        (Error::FrameForm { detail: "line 1, column 5".into() }, "line 1, column 5"),
        (Error::NotFound, NOBODY),
        (Error::parameter("page: 应为整数"), "不正确的参数格式"),
    ] {
        assert_eq!(error.exception().as_deref(), Some(exception));
    }
}

#[test]
fn a_fault_of_ours_shows_nothing_but_its_id() {
    let error = Error::internal(&"select * from customer: disk I/O error at /srv/data");
    let Error::Internal { id } = &error else { panic!("{error:?}") };
    assert_eq!(error.exception().as_deref(), Some(id.to_string().as_str()));
    assert_eq!(error.detail(), None);
    assert_eq!(error.to_string(), format!("2500 系统内部错误: {id}"));
}

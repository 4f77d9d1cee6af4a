//! What single systems know of the demo's first customer, so that each of them has something to show.

use serde_json::{Map, Value, json};

use crate::domain::document::{Document, System};

/// The documents of customer 1, in the shape of the systems' own examples.
pub fn of_first() -> Vec<(System, Document)> {
    vec![(System::CustomerDetail, object(customer_detail())), (System::CrmInfo, object(crm_info()))]
}

fn object(value: Value) -> Document {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn customer_detail() -> Value {
    json!({
        "description": "重点客户，每季度回访",
        "industry_id": 67,
        "industryPath": ["制造", "电子", "仪器仪表"],
        "area": ["浙江省", "杭州市", "西湖区"],
        "areaCode": ["33", "3301", "330106"],
        "partnerRelationship": "recognized",
        "totalTurnover": 2324.32,
        "transactionNumber": 1,
        "rank": 1,
        "levelName": "战略级",
        "type": "CLIENT",
        "from": "customer",
        "outstandingReceivables": "23.00",
        "retentionMoney": "434.99",
        "advantageousIndustry": "电信",
        "creditSituation": "优秀",
    })
}

fn crm_info() -> Value {
    let image = |name: &str| format!("https://img.example.com/parts/{name}.png");
    json!({
        "org_cid": "0",
        "org_id": "1",
        "is_credit": "0",
        "short_name": "测试",
        "email": "owner@example.com",
        "remark": "下周再联系",
        "checking_info": {
            "major_car": "各系轿车",
            "region_code": "310115000",
            "group_name": "星光联盟",
            "contact_card": image("card"),
            "channel_name": "同行",
            "workshop_images": image("workshop"),
            "location_y": "121.584679",
            "nature": "1",
            "location_x": "31.193643",
            "total_sales": "500",
            "quality": "1",
            "parent_company": "星光汽修集团",
            "license_no": "91310000TEST000001",
            "stations": "25",
            "contact_address": "上海市浦东新区示例路1号",
            "signboard": image("signboard"),
            "is_group": "1",
            "front_images": image("front"),
            "channel_id": "5",
            "license": image("license"),
            "employees": "80",
            "agreement_images": "",
            "warehouse_images": "",
        },
        "org_type_name": "公司总部",
        "org_property_name": "直营",
        "area_name": "分销店",
        "state_color": "3ba360",
        "state_bg_color": "F4F9F5",
        "org_name": "示例配件",
        "price_range_name": "内部网点",
        "grade_name": "钻石",
        "is_checked_name": "待认证",
        "pay_method_name": "账期",
        "credit_limit": "50000.00",
        "used_limit": "1280.50",
        "account_days": 30,
        "sales_money": "98000.00",
        "order_amount": "1280.50",
        "purchase_amount": "3600.00",
        "contract_count": 1,
        "service3d_count": 1,
        "extend_infos": [{ "type": "2", "item": "开业日期", "content": "2016-06-15" }],
        "contacts": [{
            "name": "周明远", "title": "总经理", "sex": "0", "mobile": "13800000002", "tel": "021-60000002",
            "email": "boss@example.com", "weixin": "zhoumy-demo", "hobby": "钓鱼", "address": "上海市浦东新区示例路1号",
            "roles": "1", "is_boss": "1", "is_default": "1", "remark": "下午联系",
        }],
        "addresslist": [{
            "name": "总仓", "contact": "周明远", "contact_number": "13800000002", "region_code": "370102000",
            "region_address": "山东省 济南市 历下区", "zip_code": "250000", "address": "示例路2号", "is_default": "1",
        }],
        "invoicelist": [{
            "is_default": "1", "type": "1", "title": "北京天润科技有限公司", "code": "91110000TEST000001",
            "address": "北京市示例路3号", "tel": "010-60000001", "bank": "示例银行", "bank_card": "6222000000000000001",
        }],
        "orderlist": [{ "sales_order_sn": "SO-20200615-001", "amount": "3600.00" }],
        "services": { "whole_business": 3, "quick_technique": 1 },
    })
}

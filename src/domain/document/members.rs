//! What may be in each system's document, in the order of its own documentation.

use super::{Member, Shape};

macro_rules! members {
    ($($name:literal $label:literal $shape:expr;)*) => {
        &[$(Member { name: $name, label: $label, shape: $shape }),*]
    };
}

const TEXT: Shape = super::TEXT;

/// Source: the customer detail document and its sibling pages, whose rules bound the texts.
pub static CUSTOMER_DETAIL: &[Member] = members! {
    "description" "客户描述" TEXT;
    "industry_id" "行业ID" Shape::Integer;
    "industryPath" "行业" Shape::Texts;
    "area" "区域" Shape::Texts;
    "areaCode" "区域编码" Shape::Texts;
    "partnerRelationship" "合作关系" Shape::OneOf(&["intimacy", "recognized", "loose", "breakthrough", "communicating", "target"]);
    "totalTurnover" "总成交额" Shape::Money;
    "transactionNumber" "签单数" Shape::Integer;
    "rank" "排名" Shape::Integer;
    "levelName" "客户级别" TEXT;
    "type" "客户类型" Shape::OneOf(&["CLIENT", "TARGET_CUSTOMER", "PROSPECT"]);
    "from" "来源" Shape::OneOf(&["customer", "channel"]);
    "outstandingReceivables" "未收款额" Shape::Money;
    "retentionMoney" "累计质保金" Shape::Money;
    "advantageousIndustry" "优势行业" Shape::Text(32);
    "creditSituation" "信用状况" Shape::Text(32);
};

/// The numbers of who follows a customer. This system writes them; they are stored where all systems look for them.
pub static FOLLOWERS: Member = Member { name: "followers", label: "关注者", shape: Shape::Integers };

/// Source: the CRM customer info document.
pub static CRM_INFO: &[Member] = members! {
    "org_cid" "组织客户" TEXT;
    "org_id" "组织" TEXT;
    "org_department_id" "组织部门" TEXT;
    "is_credit" "是否授信" Shape::Flag;
    "code_old" "旧编码" TEXT;
    "short_name" "客户简称" TEXT;
    "name_en" "英文名称" TEXT;
    "checking_info" "认证信息" Shape::Object(CHECKING_INFO);
    "license_no" "营业执照编号" TEXT;
    "signboard" "门头照" TEXT;
    "email" "邮箱" TEXT;
    "remark" "备注" Shape::Text(2000);
    "org_type_name" "组织类型" TEXT;
    "org_property_name" "组织性质" TEXT;
    "area_name" "业务区域" TEXT;
    "area_owner_name" "业务负责人" TEXT;
    "state_color" "状态颜色" Shape::Text(6);
    "state_bg_color" "状态背景色" Shape::Text(6);
    "org_cid_name" "组织客户名称" TEXT;
    "org_name" "业务组织" TEXT;
    "org_f_name" "上级组织" TEXT;
    "finance_org_name" "财务组织" TEXT;
    "report_org_name" "报表组织" TEXT;
    "warehouse_org_name" "仓库组织" TEXT;
    "price_range_name" "客户等级价格" TEXT;
    "grade_name" "客户等级" TEXT;
    "is_checked_name" "认证状态" TEXT;
    "pay_method_name" "付款方式" TEXT;
    "credit_limit" "信用额度" Shape::Money;
    "used_limit" "应收" Shape::Money;
    "account_days" "账期（天）" Shape::Days;
    "sales_money" "采购额" Shape::Money;
    "order_amount" "应收帐款" TEXT;
    "purchase_amount" "当月采购金额" Shape::Money;
    "contract_count" "合同数" Shape::Integer;
    "service3d_count" "三维服务数" Shape::Integer;
    "extend_infos" "自定义信息" Shape::List(EXTEND_INFO);
    "contacts" "联系人" Shape::List(CONTACT);
    "addresslist" "收货地址" Shape::List(ADDRESS);
    "invoicelist" "开票信息" Shape::List(INVOICE);
    "orderlist" "订单" Shape::List(ORDER);
    "services" "服务人员" Shape::Object(SERVICES);
};

pub static CHECKING_INFO: &[Member] = members! {
    "major_car" "主营车型" TEXT;
    "region_code" "地区编码" TEXT;
    "group_name" "联盟名称" TEXT;
    "contact_card" "名片图片" TEXT;
    "channel_name" "渠道" TEXT;
    "workshop_images" "车间照片" TEXT;
    "location_y" "经度" TEXT;
    "nature" "客户性质" TEXT;
    "location_x" "纬度" TEXT;
    "total_sales" "营业规模" TEXT;
    "quality" "资质" TEXT;
    "parent_company" "母公司" TEXT;
    "license_no" "营业执照编号" TEXT;
    "stations" "工位数量" TEXT;
    "contact_address" "详细地址" TEXT;
    "signboard" "门头照" TEXT;
    "is_group" "是否联盟连锁" TEXT;
    "front_images" "前台照片" TEXT;
    "channel_id" "渠道ID" TEXT;
    "license" "营业执照" TEXT;
    "employees" "员工数量" TEXT;
    "agreement_images" "合作协议照片" TEXT;
    "warehouse_images" "仓库照片" TEXT;
};

pub static EXTEND_INFO: &[Member] = members! {
    "type" "类型" Shape::OneOf(&["1", "2"]);
    "item" "标题" TEXT;
    // As long as that of a field of the company's own.
    "content" "内容" Shape::Text(2000);
};

pub static CONTACT: &[Member] = members! {
    "name" "名称" TEXT;
    "title" "头衔" TEXT;
    "sex" "性别" TEXT;
    "call_name" "称呼" TEXT;
    "mobile" "手机号" Shape::Phone;
    "tel" "电话" Shape::Phone;
    "email" "邮箱" TEXT;
    "weixin" "微信" TEXT;
    "hobby" "爱好" TEXT;
    "address" "地址" TEXT;
    "roles" "角色" TEXT;
    "is_boss" "企业负责人" Shape::Flag;
    "is_bind_wx" "已绑定微信" Shape::Flag;
    "is_helper" "助手" Shape::Flag;
    "is_default" "主联系人" Shape::Flag;
    "remark" "备注" TEXT;
};

pub static ADDRESS: &[Member] = members! {
    "name" "名称" TEXT;
    "contact" "联系人" TEXT;
    "contact_number" "手机号" Shape::Phone;
    "region_code" "地区编码" TEXT;
    "region_address" "省市区" TEXT;
    "zip_code" "邮编" TEXT;
    "address" "详细地址" TEXT;
    "transport" "运输方式" TEXT;
    "is_default" "是否默认" Shape::Flag;
};

pub static INVOICE: &[Member] = members! {
    "is_default" "是否默认" Shape::Flag;
    "type" "发票类型" Shape::OneOf(&["0", "1"]);
    "contact_id" "联系人" TEXT;
    "title" "抬头" TEXT;
    "code" "税号" TEXT;
    "address" "注册地址" TEXT;
    "tel" "注册电话" Shape::Phone;
    "bank" "开户银行" TEXT;
    "bank_card" "银行账户" TEXT;
};

/// Orders are older than their entries where they are taken over from another system: their time, in Unix seconds, can
/// be given.
pub static ORDER: &[Member] = members! {
    "created_at" "时间" Shape::Time;
    "sales_order_sn" "单号" TEXT;
    "amount" "金额" Shape::Money;
};

/// The numbers of the people who serve the customer, on the first and the second line.
pub static SERVICES: &[Member] = members! {
    "whole_operate" "运维" Shape::Integer;
    "whole_business" "业务" Shape::Integer;
    "whole_distribution" "配送" Shape::Integer;
    "whole_technique" "客服" Shape::Integer;
    "whole_finance" "财务" Shape::Integer;
    "quick_operate" "二线运维" Shape::Integer;
    "quick_business" "二线业务" Shape::Integer;
    "quick_distribution" "二线配送" Shape::Integer;
    "quick_technique" "二线客服" Shape::Integer;
    "quick_finance" "二线财务" Shape::Integer;
};

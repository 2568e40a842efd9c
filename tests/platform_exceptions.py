"""What the platform's facts make impossible, by operation: how a problem begins, and why it stays so."""

from __future__ import annotations

NOT_AS_ITS_EXAMPLE = "its own example is none of the values: they are a hint, not a limit"
NOT_AS_ITS_TABLE = "the sample is not what the table says, which is kept in `.unparsed`"
OF_THE_PAGE = "belongs to the page, not to an item: it is in the `model_extra` of each page"
WITHOUT_A_NAME = "the table documents a value without a name, which the sample calls `result`"
NO_SAMPLE = "the time is the test's own: the sample has another form"
RETIRED = "retired with its whole family of older names"
A_REFUSAL = "the sample shows a refusal"
IN_THE_QUERY = "the table says that a GET has a body"

ACCEPTED: dict[str, dict[str, str]] = {
    "ai_paa_s_1_0.ExclusiveModelCompleteService": {
        "model of api-exclusivemodelcompleteservice may be beyond enum ['qwen-plu": NOT_AS_ITS_EXAMPLE,
        "large-model-reasoning-service-interface-multimodal-model-1: choices[].fi": NOT_AS_ITS_TABLE,
    },
    "amdp_1_0.AmdpJobPositionDataPush": {
        "param of api-amdpjobpositiondatapush may be beyond enum of isDelete": NOT_AS_ITS_EXAMPLE,
    },
    "amdp_1_0.AmdpOrganizationDataPush": {
        "param of api-amdporganizationdatapush may be beyond enum of isDelete": NOT_AS_ITS_EXAMPLE,
    },
    "attendance_1_0.CheckClosingAccount": {
        "bizCode of checks-whether-a-user-has-blocked-accounts-within-a-specified": NOT_AS_ITS_EXAMPLE,
    },
    "badge_1_0.CreateBadgeNotify": {
        "content of dingtalk-badge-notification-message may be beyond enum ['titl": NOT_AS_ITS_EXAMPLE,
    },
    "badge_1_0.NotifyBadgeCodePayResult": {
        "payChannelDetailList=[{'payChannelName': '1', 'gmtCreate': '2026-01-31T0": NO_SAMPLE,
        "tradeStatus of sync-dingtalk-badge-code-payment-result may be beyond enu": NOT_AS_ITS_EXAMPLE,
        "payChannelDetailList of sync-dingtalk-badge-code-payment-result may be b": NOT_AS_ITS_EXAMPLE,
    },
    "badge_1_0.UpdateBadgeCodeUserInstance": {
        "codeIdentity of update-dingtalk-user-instance may be beyond enum ['DT_VI": NOT_AS_ITS_EXAMPLE,
    },
    "calendar_1_0.GetSignInLink": {
        "the sample of api-getsigninlink is refused: userId: unknown": "no place in the path is for it",
    },
    "calendar_1_0.ListEvents": {
        "syncToken is not declared": OF_THE_PAGE,
    },
    "conference_1_0.CreateScheduleConference": {
        "scheduleConfSettingModel of create-appointment-meeting may be beyond enu": NOT_AS_ITS_EXAMPLE,
    },
    "crm_1_0.CreateGroup": {
        "relationType of create-a-customer-group may be beyond enum ['crm_custome": NOT_AS_ITS_EXAMPLE,
    },
    "crm_1_0.GetContacts": {
        "objectType of api-getcontacts may be beyond enum ['crm_']": NOT_AS_ITS_EXAMPLE,
    },
    "crm_1_0.UpdateGroupSet": {
        " is not read": WITHOUT_A_NAME,
        "result is not documented": WITHOUT_A_NAME,
    },
    "datacenter_1_0.QueryGeneralDataService": {
        "metaList is not declared": OF_THE_PAGE,
    },
    "datacenter_1_0.QueryGeneralDataServiceBatch": {
        "metaList is not declared": OF_THE_PAGE,
    },
    "dingtalk.oapi.edu.period.create": {
        "create-a-learning-segment: deptId is lost": NOT_AS_ITS_TABLE,
    },
    "dingtalk.oapi.health.stepinfo.getuserstatus": {
        "'dingtalk.corp.health.stepinfo.getuserstatus' does not lead to it: give": RETIRED,
    },
    "dingtalk.oapi.industry.user.list": {
        "role of obtains-the-list-of-people-under-a-department may be beyond enum": NOT_AS_ITS_EXAMPLE,
    },
    "dingtalk.oapi.smartwork.hrm.employee.queryonjob": {
        "status_list of intelligent-personnel-query-the-list-of-on-the-job-employ": NOT_AS_ITS_EXAMPLE,
    },
    "dingtalk.oapi.sns.gettoken": {
        "appid is sent, and not documented": IN_THE_QUERY,
        "appsecret is sent, and not documented": IN_THE_QUERY,
        "appid is required, and not sent": IN_THE_QUERY,
        "appsecret is required, and not sent": IN_THE_QUERY,
    },
    "dvi_1_0.GetAsrTranscription": {
        "result.bizKey is not declared": OF_THE_PAGE,
        "result.taskStatus is not declared": OF_THE_PAGE,
    },
    "esign_2_0.GetAuthUrl": {
        "redirectUrl of obtain-the-address-of-the-authorized-page may be beyond e": NOT_AS_ITS_EXAMPLE,
    },
    "exclusive_1_0.GetPublicDevices": {
        "dataCnt is not declared": OF_THE_PAGE,
    },
    "exclusive_1_0.QueryUserBehavior": {
        "dataCnt is not declared": OF_THE_PAGE,
    },
    "exclusive_1_0.UpdatePartnerVisibility": {
        " is not read": WITHOUT_A_NAME,
        "result is not documented": WITHOUT_A_NAME,
    },
    "exclusive_1_0.UpdateRoleVisibility": {
        " is not read": WITHOUT_A_NAME,
        "result is not documented": WITHOUT_A_NAME,
    },
    "finance_1_0.CreateUserCodeInstance": {
        "codeIdentity of create-a-user-code-instance may be beyond enum ['DT_VISI": NOT_AS_ITS_EXAMPLE,
    },
    "finance_1_0.UpateUserCodeInstance": {
        "codeIdentity of update-user-code-instance may be beyond enum ['DT_VISITO": NOT_AS_ITS_EXAMPLE,
    },
    "hrbrain_1_0.HrbrainImportDimission": {
        "api-hrbrainimportdimission: [result=false]": A_REFUSAL,
    },
    "hrm_1_0.ConvertUnionId": {
        "ConvertUnionIdReplyResult.isv_user_union_id_vo_list is ": "the check's rule is simpler",
    },
    "hrm_1_0.HrmProcessUpdateTerminationInfo": {
        "modify-resigned-employee-information: [result=false]": A_REFUSAL,
    },
    "jzcrm_1_0.EditExchange": {
        "data of add-or-edit-a-sales-order may be beyond enum of hh_orderid": NOT_AS_ITS_EXAMPLE,
    },
    "jzcrm_1_0.EditIntostock": {
        "data of add-or-edit-a-shipment-record may be beyond enum of customerid": NOT_AS_ITS_EXAMPLE,
    },
    "jzcrm_1_0.GetDataList": {
        "dataname is not declared": OF_THE_PAGE,
        "time is not declared": OF_THE_PAGE,
    },
    "jzcrm_1_0.GetDataView": {
        "queries-data-details: data.detail was ": NOT_AS_ITS_TABLE,
    },
    "manufacturing_1_0.IndustrializeManufactureJobBook": {
        "riqing-monthly-settlement-piece-rate-reporting-interface: content is los": NOT_AS_ITS_TABLE,
    },
    "rooms_1_0.QueryDeviceCustomTemplateList": {
        "api-querylistdevicecustomscreentemplate: result.deviceTemplateMap is los": NOT_AS_ITS_TABLE,
        "api-querylistdevicecustomscreentemplate: result.groupIdTemplateMap is lo": NOT_AS_ITS_TABLE,
        "api-querylistdevicecustomscreentemplate: result.roomIdTemplateMap is los": NOT_AS_ITS_TABLE,
    },
    "service_group_1_0.UpdateGroupSet": {
        "modify-a-service-group: [success=false]": A_REFUSAL,
    },
    "storage_1_0.GetDentries": {
        "get-file-or-folder-information-in-bulk: resultItems[].dentry.appProperti": NOT_AS_ITS_TABLE,
    },
    "storage_1_0.ListAllDentries": {
        "get-a-list-of-all-files-or-folders-under-a: dentries[].appProperties is": NOT_AS_ITS_TABLE,
    },
    "storage_1_0.ListDentryVersions": {
        "obtains-a-list-of-file-versions: dentries[].appProperties is lost": NOT_AS_ITS_TABLE,
    },
    "workflow_1_0.PremiumGetDoneTasks": {
        "api-premiumgetdonetasks: [success=false]": A_REFUSAL,
    },
    "workflow_1_0.PremiumGetNoticedInstances": {
        "api-premiumgetnoticedinstances: [success=false]": A_REFUSAL,
    },
    "workflow_1_0.PremiumUpdateFormInstance": {
        "formComponentValueList of api-premiumupdateforminstance may be beyond en": NOT_AS_ITS_EXAMPLE,
    },
    "yida_1_0.ExecuteBatchTask": {
        "taskInformationList of batch-execution-should-take-the-lead-of-approval-": NOT_AS_ITS_EXAMPLE,
    },
    "yida_1_0.GetProcessDesignByCode": {
        "obtain-definition-through-process-code: nodes[].childNodes was [None], i": NOT_AS_ITS_TABLE,
    },
    "yida_1_0.ListTableDataByFormInstanceIdTableId": {
        "obtain-child-table-component-data: data was [None], is []": NOT_AS_ITS_TABLE,
    },
    "yida_1_0.PreviewPublishedProcess": {
        "formDataJson of api-previewpublishedprocess may be beyond enum ['key', '": NOT_AS_ITS_EXAMPLE,
    },
    "yida_2_0.CreateAgentTask": {
        "agentType of api-createagenttask may be beyond enum ['NORMAL', 'DEPARTUR": NOT_AS_ITS_EXAMPLE,
    },
    "yida_2_0.GetAgentTasks": {
        "start is not declared": OF_THE_PAGE,
    },
    "yida_2_0.RestartInstance": {
        "envProfile of api-restartinstance may be beyond enum ['vpc', 'sgp_vpc']": NOT_AS_ITS_EXAMPLE,
    },
    "yida_2_0.SaveFormData": {
        "formDataJson of api-saveformdata-v2 may be beyond enum ['key', 'value']": NOT_AS_ITS_EXAMPLE,
    },
    "yida_2_0.StartInstance": {
        "formDataJson of api-startinstance-v2 may be beyond enum ['key', 'value']": NOT_AS_ITS_EXAMPLE,
    },
    "yida_2_0.UpdateSubTable": {
        "updateFormDataJson of api-updatesubtable may be beyond enum ['key', 'val": NOT_AS_ITS_EXAMPLE,
    },
    "yida_2_0.UpdateSubTableByRowId": {
        "updateSubTableDataJson of update-the-subform-data-via-rowid may be beyon": NOT_AS_ITS_EXAMPLE,
    },
}

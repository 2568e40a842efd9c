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
        "large-model-reasoning-service-interface-multimodal-model-1: choices[].fi": NOT_AS_ITS_TABLE,
    },
    "calendar_1_0.GetSignInLink": {
        "the sample of api-getsigninlink is refused: userId: unknown": "no place in the path is for it",
    },
    "calendar_1_0.ListEvents": {
        "syncToken is not declared": OF_THE_PAGE,
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
    "hrbrain_1_0.HrbrainImportDimission": {
        "api-hrbrainimportdimission: [result=false]": A_REFUSAL,
    },
    "hrm_1_0.HrmProcessUpdateTerminationInfo": {
        "modify-resigned-employee-information: [result=false]": A_REFUSAL,
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
        "api-querylistdevicecustomscreentemplate: deviceTemplateMap is lost": NOT_AS_ITS_TABLE,
        "api-querylistdevicecustomscreentemplate: groupIdTemplateMap is lost": NOT_AS_ITS_TABLE,
        "api-querylistdevicecustomscreentemplate: roomIdTemplateMap is lost": NOT_AS_ITS_TABLE,
    },
    "service_group_1_0.UpdateGroupSet": {
        "modify-a-service-group: [success=false]": A_REFUSAL,
    },
    "storage_1_0.GetDentries": {
        "get-file-or-folder-information-in-bulk: [].dentry.appProperties is lost": NOT_AS_ITS_TABLE,
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
    "yida_1_0.GetProcessDesignByCode": {
        "obtain-definition-through-process-code: nodes[].childNodes was [None], i": NOT_AS_ITS_TABLE,
    },
    "yida_1_0.ListTableDataByFormInstanceIdTableId": {
        "obtain-child-table-component-data: data was [None], is []": NOT_AS_ITS_TABLE,
    },
    "yida_2_0.GetAgentTasks": {
        "start is not declared": OF_THE_PAGE,
    },
}

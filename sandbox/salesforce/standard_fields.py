"""The standard objects and fields that every org has, as one table that reads like a describe."""

# A line is `Name type[:length | :Target[/ChildRelationship] | :Value|Value…] [marks] [= default]`.
# Marks: ! required at create, c may be set at create only, r never set by a client, u unique, ~ calculated (and so read-only).
SYSTEM = """
Id id r
IsDeleted boolean r
CreatedDate datetime r
CreatedById reference:User r
LastModifiedDate datetime r
LastModifiedById reference:User r
SystemModstamp datetime r
"""

OBJECTS: dict[str, tuple[str, str, str]] = {
    "Organization": (
        "00D",
        "Organization",
        """
        Name string:80
        Country string:80
        InstanceName string:5 r
        IsSandbox boolean r
        OrganizationType picklist r
        NamespacePrefix string:15 r
        TrialExpirationDate datetime r
        LanguageLocaleKey picklist
        DefaultLocaleSidKey picklist
        TimeZoneSidKey picklist
        """,
    ),
    "User": (
        "005",
        "User",
        """
        Username string:80 !u
        LastName string:80 !
        FirstName string:40
        Name string:121 ~
        Email email:128 !
        Alias string:8 !
        IsActive boolean = true
        LanguageLocaleKey picklist
        LocaleSidKey picklist
        TimeZoneSidKey picklist
        UserType picklist r
        ProfileId reference:Profile
        """,
    ),
    "Account": (
        "001",
        "Account",
        """
        Name string:255 !
        Type picklist
        ParentId reference:Account/ChildAccounts
        BillingStreet textarea:255
        BillingCity string:40
        BillingState string:80
        BillingPostalCode string:20
        BillingCountry string:80
        Phone phone:40
        Website url:255
        Industry picklist
        AccountNumber string:40
        Description textarea:32000
        OwnerId reference:User
        """,
    ),
    "Contact": (
        "003",
        "Contact",
        """
        AccountId reference:Account/Contacts
        LastName string:80 !
        FirstName string:40
        Salutation picklist
        Name string:121 ~
        Phone phone:40
        MobilePhone phone:40
        Email email:80
        Title string:128
        Description textarea:32000
        OwnerId reference:User
        """,
    ),
    "Product2": (
        "01t",
        "Product",
        """
        Name string:255 !
        ProductCode string:255
        Description textarea:4000
        Family picklist
        IsActive boolean = false
        StockKeepingUnit string:180 u
        DisplayUrl url:1000
        QuantityUnitOfMeasure picklist
        """,
    ),
    "Pricebook2": (
        "01s",
        "Price Book",
        """
        Name string:255 !
        Description string:255
        IsActive boolean = false
        IsStandard boolean r
        """,
    ),
    "PricebookEntry": (
        "01u",
        "Price Book Entry",
        """
        Name string:255 ~
        Pricebook2Id reference:Pricebook2/PricebookEntries !c
        Product2Id reference:Product2/PricebookEntries !c
        UnitPrice currency !
        IsActive boolean = false
        UseStandardPrice boolean = false
        ProductCode string:255 ~
        """,
    ),
    "Order": (
        "801",
        "Order",
        """
        OwnerId reference:User
        ContractId reference:Contract
        AccountId reference:Account/Orders
        Pricebook2Id reference:Pricebook2
        EffectiveDate date !
        EndDate date
        Status picklist !
        Description textarea:32000
        Type picklist
        Name string:80
        PoNumber string:80
        BillingStreet textarea:255
        BillingCity string:40
        BillingState string:80
        BillingPostalCode string:20
        BillingCountry string:80
        OrderNumber string:30 r
        StatusCode picklist r
        TotalAmount currency ~
        ActivatedDate datetime r
        ActivatedById reference:User r
        """,
    ),
    "OrderItem": (
        "802",
        "Order Product",
        """
        OrderId reference:Order/OrderItems !c
        PricebookEntryId reference:PricebookEntry/OrderItems !c
        Product2Id reference:Product2/OrderItems c
        OriginalOrderItemId reference:OrderItem c
        Quantity double !
        UnitPrice currency !
        ListPrice currency c
        TotalPrice currency ~
        AvailableQuantity double ~
        ServiceDate date
        EndDate date
        Description string:255
        OrderItemNumber string:30 r
        """,
    ),
    "Case": (
        "500",
        "Case",
        """
        CaseNumber string:30 r
        AccountId reference:Account/Cases
        ContactId reference:Contact/Cases
        ParentId reference:Case/Cases
        SuppliedName string:80
        SuppliedEmail email:80
        Type picklist
        Status picklist:New|Working|Escalated|Closed = New
        Reason picklist
        Origin picklist:Phone|Email|Web|Portal
        Subject string:255
        Priority picklist:High|Medium|Low = Medium
        Description textarea:32000
        IsClosed boolean ~
        ClosedDate datetime r
        OwnerId reference:User
        """,
    ),
}

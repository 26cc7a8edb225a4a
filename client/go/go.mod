module wallet-service/wallet

go 1.19
